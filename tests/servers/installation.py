"""A whole installation, started as `make run` starts it."""

import asyncio
import functools
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from flexura_local.home import Home
from flexura_local.ports import free_ports
from servers.process import ServerProcess
from servers.retry import with_fresh_ports
from servers.waiting import eventually

AS_MAKE_RUN = ("-m", "flexura_local")
PARTS = {
    "nats": "nats-server",
    "s3": "weed",
    "auth": "flexura_auth",
    "search": "flexura_search",
    "jobs": "flexura_jobs",
    "media-worker": "flexura_media_worker",
    "edge": "flexura_edge",
    "webhooks": "flexura_jobs.webhooks",
}


@dataclass(frozen=True)
class Installation:
    """Where it is, its first key, and its processes by the name of their part."""

    home: Home
    port: int
    process: ServerProcess

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def printed(self) -> str:
        return self.process.log_text

    @property
    def key(self) -> str:
        return self.home.first_key_file.read_text().strip()

    @property
    def nats_url(self) -> str:
        ports = json.loads((self.home.folder / "ports.json").read_text())
        return f"nats://flexura:{self.home.secret('nats-password')}@127.0.0.1:{ports['nats']}"

    def pids(self) -> dict[str, int]:
        """The process of each part that runs at present."""
        tree = {pid: command_of(pid) for pid in tree_of(self.process.pid)}
        return {part: pid for part, word in PARTS.items() for pid, command in tree.items() if f"{word} " in command}

    def send(self, part: str, number: signal.Signals) -> None:
        os.kill(self.pids()[part], number)

    def times_ready(self, part: str) -> int:
        """How often the supervisor has said that the part is ready."""
        return len(re.findall(rf"● {part} ", self.printed))

    async def kill_and_see_it_back(self, part: str) -> None:
        """Kills a part as a power cut would and waits until the supervisor says that it is ready again."""
        before = self.times_ready(part)
        self.send(part, signal.SIGKILL)
        await eventually(lambda: self.times_ready(part) > before, within_s=45)


@asynccontextmanager
async def installation(
    folder: Path, program: Sequence[str] = AS_MAKE_RUN, **settings: str
) -> AsyncIterator[Installation]:
    """Starts one in the folder, waits until it says that it is ready, and stops it at the end."""
    started = await with_fresh_ports(lambda: start_installation(folder, program=program, **settings))
    try:
        yield started
    finally:
        await started.process.stop()


async def start_installation(
    folder: Path, port: int = 0, program: Sequence[str] = AS_MAKE_RUN, **settings: str
) -> Installation:
    port = port or free_ports(1)[0]
    home = Home(folder / "home")
    own = {"FLEXURA_HOME": str(home.folder), "FLEXURA_PORT": str(port), "FLEXURA_SLOTS": "2"} | settings
    process = supervisor(own, empty_log(folder), program)
    await process.start()
    return Installation(home, port, process)


def supervisor(settings: dict[str, str], log: Path, program: Sequence[str] = AS_MAKE_RUN) -> ServerProcess:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLEXURA_")} | settings
    command = [sys.executable, *program]
    ready = functools.partial(why_not_ready, log)
    return ServerProcess(command, log, ready, environment=environment, start_timeout_s=60)


def empty_log(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "printed"
    log.unlink(missing_ok=True)
    return log


async def why_not_ready(log: Path) -> str | None:
    printed = await asyncio.to_thread(log.read_text)
    return None if "is ready" in printed else printed[-500:]


def children_of(pid: int) -> list[int]:
    return [process for process in map(int, (folder.name for folder in processes())) if parent_of(process) == pid]


def processes() -> list[Path]:
    return [folder for folder in Path("/proc").iterdir() if folder.name.isdecimal()]


def tree_of(pid: int) -> list[int]:
    """The process and all that it has started, in any depth."""
    parents = {int(folder.name): parent_of(int(folder.name)) for folder in processes()}
    tree = [pid]
    for parent in tree:
        tree += [child for child, its_parent in parents.items() if its_parent == parent]
    return tree


def parent_of(pid: int) -> int | None:
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(after_name[1])


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
