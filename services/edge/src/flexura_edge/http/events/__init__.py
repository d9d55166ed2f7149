"""The feed of events: its pages, its streams, and the cursors that lead through both."""

from flexura_edge.http.events.handler import Events
from flexura_edge.http.events.stream import EventStreams
from flexura_edge.http.events.tokens import EventTokenMaker

__all__ = ["EventStreams", "EventTokenMaker", "Events"]
