"""Servers that the edge is measured against."""
