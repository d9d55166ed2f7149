"""How one sees from outside whether a part is of use; each question answers what is wrong, None for nothing."""

import asyncio
import http.client
import os
from pathlib import Path

from flexura_local.child import Child

ANSWER_TIMEOUT_S = 3.0
NO_ROOM = "no space left on device"
ROOM_BYTES = 4 << 20  # From so much on a disk is not full any more.
ROOM_FILES = 64
FULL_BYTES = 64 << 10  # With less than so much it is full, though the log has no room left to say so.


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

    def why_useless(self, child: Child) -> str | None:
        if not has_room(self._folder, FULL_BYTES, 1) or any(NO_ROOM in line for line in child.log_since_start()):
            self._refused = child
        # Started on a disk that is full still, it would end at once, again and again.
        if self._refused is not child or not has_room(self._folder, ROOM_BYTES, ROOM_FILES):
            return None
        return "has met a full disk, and takes all again only once it is started anew"


def has_room(folder: Path, size_bytes: int, files: int) -> bool:
    """Whether so many bytes and so many further files fit; some disks do not count files."""
    about = os.statvfs(folder)
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
