"""The auth service: accounts and their API keys."""
