"""A seeded simulator: the production code of jobs and workers over a clock, a database and a bus that are played."""
