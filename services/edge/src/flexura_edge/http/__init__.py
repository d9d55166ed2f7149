"""The HTTP door, a file for each noun."""
