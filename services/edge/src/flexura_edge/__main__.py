"""Runs the edge."""

from flexura_edge.settings import EdgeSettings
from flexura_edge.wiring import build
from flexura_kit.lifecycle import main

if __name__ == "__main__":
    main("edge", EdgeSettings, build)
