"""The use cases of the media worker: announce, hold leases, carry out an attempt."""
