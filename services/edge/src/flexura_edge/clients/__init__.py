"""The services and stores that the edge asks, a file for each."""
