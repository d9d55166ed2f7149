"""The use cases of the search service."""
