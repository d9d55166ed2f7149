"""How one sees from outside whether a part is of use; each question answers what is wrong, None for nothing."""

import asyncio
import contextlib
import http.client
import json
import shutil
import sys
from pathlib import Path

from flexura_local.child import Child, launched

ANSWER_TIMEOUT_S = 3.0
RPC_TIMEOUT_S = 20.0
NO_ROOM = "no space left on device"
ROOM_BYTES = 4 << 20  # From so much on a disk is not full any more.


async def http_ready(port: int) -> str | None:
    """Asks the edge's own /readyz."""
    return await asyncio.to_thread(_http_ready, port)


async def rpc_serving(target: str) -> str | None:
    """Waits for gRPC health, in a process of its own: one that has used gRPC must not start others."""
    process = await asyncio.create_subprocess_exec(
        *launched(sys.executable, "-m", "flexura_local.serving", target),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(RPC_TIMEOUT_S):
            output, _ = await process.communicate()
    except TimeoutError:
        return f"{target} does not answer"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return None if process.returncode == 0 else output.decode(errors="replace").strip().rpartition("\n")[2]


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


async def log_says_ready(child: Child) -> str | None:
    """For a part that serves nobody and so has no door to knock at: its log says when it can work."""
    said = "it has not said yet"
    for line in child.log_since_start():
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if event.get("event") == "readiness_changed":
                said = "" if event.get("ready") else json.dumps(event.get("missing"))
    return said or None


class FullDisk:
    """Knows a store whose disk was full: parts of its index take nothing more, though there is room again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._refused: Child | None = None

    def why_useless(self, child: Child) -> str | None:
        if any(NO_ROOM in line for line in child.log_since_start()):
            self._refused = child
        if self._refused is not child or shutil.disk_usage(self._folder).free < ROOM_BYTES:
            return None
        return "has met a full disk, and takes all again only once it is started anew"


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
