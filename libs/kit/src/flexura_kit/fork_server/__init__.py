"""Processes that begin with what they need already loaded, in memory that they share (docs/adr/0025)."""

from flexura_kit.fork_server.client import ForkedProcess, ForkServer, Program

__all__ = ["ForkServer", "ForkedProcess", "Program"]
