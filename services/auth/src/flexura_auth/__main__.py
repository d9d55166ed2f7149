"""Starts the auth service."""

from flexura_auth.settings import AuthSettings
from flexura_auth.wiring import build
from flexura_kit.lifecycle import main

if __name__ == "__main__":
    main("auth", AuthSettings, build)
