"""The time that auth keeps: all replicas agree on it, and nobody can set it."""

import time
from collections.abc import Callable


class AuthTime:
    """Unix time as auth said it last, and what has passed since; this machine's own until auth has answered."""

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ahead = wall() - monotonic()

    def learn(self, auth_time: float) -> None:
        """Takes over what auth has just said."""
        self._ahead = auth_time - self._monotonic()

    def now(self) -> float:
        return self._ahead + self._monotonic()
