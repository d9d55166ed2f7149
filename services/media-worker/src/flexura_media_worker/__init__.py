"""Pulls work, calls a provider, stores the result, reports back."""
