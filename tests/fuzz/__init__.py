"""Property tests with fresh inputs: what `make fuzz` runs."""
