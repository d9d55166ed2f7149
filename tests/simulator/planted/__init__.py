"""Bugs of one line that are planted into a copy of the sources, to see whether each of them is found."""
