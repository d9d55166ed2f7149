"""From an address to a page as a person would see it: fetched with care, read in processes of its own.

Nothing is exported here: what parses runs in workers, which import this package and must not load a web client.
"""
