"""The search service: internet search."""
