"""How one sees from outside whether a part is of use; each question answers what is wrong, None for nothing."""

import asyncio
import http.client
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from flexura_local.child import Child

ANSWER_TIMEOUT_S = 3.0
NO_ROOM = "no space left on device"
ROOM_BYTES = 4 << 20  # From so much on a disk is not full any more.
ROOM_FILES = 64
FULL_BYTES = 64 << 10  # With less than so much it is full, though the log has no room left to say so.
AGAIN_S_MIN, AGAIN_S_MAX = 20.0, 600.0  # Between two restarts of a part that refuses; doubled where one is no help.
CANARY_INTERVAL_S, CANARY_AGAIN_S = 20.0, 2.0
LASTING_S = 6.0  # So long a user must say that it is refused: longer than jobs waits between two tries.
REFUSALS_MAX = 3  # Canaries in a row that are refused before the part is started again.


async def http_ready(port: int) -> str | None:
    """Asks the edge's own /readyz."""
    return await asyncio.to_thread(_http_ready, port)


async def refuses(port: int) -> bool:
    """Whether nobody listens there. One that is frozen, full or slow still takes connections, or lets them wait."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return True
    except (OSError, TimeoutError):
        return False
    writer.close()
    return False


async def says_ready(child: Child) -> str | None:
    """For our own parts: each tells by itself when it can work."""
    return child.why_not_ready()


class FullDisk:
    """Knows a part whose disk was full, and that keeps refusing though there is room again.

    The store's index takes nothing more, and the broker keeps the error of its first write that failed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._refused: Child | None = None

    async def why_useless(self, child: Child) -> str | None:
        if not has_room(self._folder, FULL_BYTES, 1) or any(NO_ROOM in line for line in child.log_since_start()):
            self._refused = child
        # Started on a disk that is full still, it would end at once, again and again.
        if self._refused is not child or not has_room(self._folder, ROOM_BYTES, ROOM_FILES):
            return None
        return "has met a full disk, and takes all again only once it is started anew"


class Restarts:
    """Spaces the restarts of a part that refuses what it is given: where one was no help, the next one waits longer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._wait_s = AGAIN_S_MIN
        self._next_at = 0.0

    def may_begin(self) -> bool:
        """Whether it may be started again now; counts as done where it may. On a full disk it could not start."""
        now = time.monotonic()
        if now < self._next_at or not has_room(self._folder, ROOM_BYTES, ROOM_FILES):
            return False
        was_long_ago = now - self._next_at > AGAIN_S_MAX
        self._wait_s = AGAIN_S_MIN if was_long_ago else min(2 * self._wait_s, AGAIN_S_MAX)
        self._next_at = now + self._wait_s
        return True


class RefusesOthers:
    """Knows a part that takes nothing any more by what the part that uses it says of itself."""

    def __init__(self, restarts: Restarts, impairment: str) -> None:
        self._restarts = restarts
        self._impairment = impairment
        self._child: Child | None = None
        self._since: float | None = None

    def why_useless(self, child: Child, user: str, impaired: frozenset[str]) -> str | None:
        now = time.monotonic()
        if child is not self._child:
            # What the user says may still be about the one before.
            self._child, self._since = child, None
        self._since = (self._since or now) if self._impairment in impaired else None
        if self._since is None or now - self._since < LASTING_S or not self._restarts.may_begin():
            return None
        self._since = None
        return f"takes nothing any more: {user} says that its {self._impairment} are refused"


class RefusesCanary:
    """Knows a part that answers and refuses what is written to it; one that does not answer may be frozen or slow."""

    def __init__(
        self,
        restarts: Restarts,
        why_refused: Callable[[], Awaitable[str | None]],
        interval_s: float = CANARY_INTERVAL_S,
        again_s: float = CANARY_AGAIN_S,
    ) -> None:
        self._restarts = restarts
        self._why_refused = why_refused
        self._interval_s = interval_s
        self._again_s = again_s
        self._child: Child | None = None
        self._refusals = 0
        self._next_at = 0.0

    async def why_useless(self, child: Child) -> str | None:
        if child is not self._child:
            self._child, self._refusals = child, 0
            self._next_at = time.monotonic() + self._again_s
        if time.monotonic() < self._next_at:
            return None
        why = await self._why_refused()
        self._refusals = self._refusals + 1 if why else 0
        self._next_at = time.monotonic() + (self._again_s if why else self._interval_s)
        if self._refusals < REFUSALS_MAX or not self._restarts.may_begin():
            return None
        return f"answers, and refuses what is written to it: {why}"


def has_room(folder: Path, size_bytes: int, files: int) -> bool:
    """Whether so many bytes and so many further files fit; some disks do not count files."""
    about = os.statvfs(next(path for path in (folder, *folder.parents) if path.exists()))
    return about.f_bavail * about.f_frsize >= size_bytes and (about.f_files == 0 or about.f_favail >= files)


def _http_ready(port: int) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"no answer on port {port} ({error or type(error).__name__})"
    finally:
        connection.close()
    return None if answer.status == http.client.OK else f"{answer.status} {body[:200]}"
