"""The operator's command: accounts and API keys."""
