"""The jobs service: jobs and their states, the catalog and dispatch."""
