"""The contact sheet of what the built-in generators make of well-known prompts."""
