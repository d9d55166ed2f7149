"""Starts the search service."""

from flexura_kit.lifecycle import main
from flexura_search.settings import SearchSettings
from flexura_search.wiring import build

if __name__ == "__main__":
    main("search", SearchSettings, build)
