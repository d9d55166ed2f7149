"""One generator process, from its start to its end, and the pipe to it."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flexura_kit import log
from flexura_kit.fork_server import ForkedProcess, ForkServer, Program
from flexura_media_worker import frames
from flexura_media_worker.domain import Failure, FailureReason, GenerationRequest, Media, UnexpectedEndError
from flexura_media_worker.ports import Progress

GENERATOR = "flexura_media_worker.generator"
FRAMES = frames.__name__
PROVIDERS = "flexura_media_worker.providers"
STDERR = 2
START_S = 60.0  # For a process to load what it computes with, on a machine under load.
REAP_S = 5.0

CRASHED = Failure(
    FailureReason.GENERATOR_CRASHED, "The generator's process ended before its work was done.", is_retryable=True
)

logger = log.get_logger()


@dataclass(frozen=True, slots=True)
class GeneratorLimits:
    """What a process may run and take."""

    providers: tuple[str, ...]
    memory_bytes: int
    file_bytes: int


class NotTakenError(Exception):
    """The process was gone before it began; the request is whole and may go to another one."""


class GeneratorProcess:
    """A process that waits for requests. It is idle, at work, or dead; nothing brings it back from the last."""

    def __init__(self, process: ForkedProcess, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._killed = asyncio.Event()
        self.is_idle = False
        self.missing: Mapping[str, str] = {}
        """Providers that it could not load, and why."""

    @classmethod
    async def start(cls, limits: GeneratorLimits, fork_server: ForkServer) -> "GeneratorProcess":
        """Starts one and waits until it can take work."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await launch(limits, fork_server, theirs)
        except BaseException:
            ours.close()
            raise
        started = cls(process, *await asyncio.open_connection(sock=ours, limit=frames.FRAME_BYTES_MAX))
        try:
            async with asyncio.timeout(START_S):
                started.missing = (await started._read())["missing"]
        except BaseException:
            started.kill()
            await started.status()
            raise
        started.is_idle = True
        return started

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        # The end of the pipe is seen a little before the process can be waited for.
        return self._process.returncode is None and not self._reader.at_eof()

    async def generate(self, request: GenerationRequest, progress: Progress) -> Media:
        """Has the work done. A process that is not idle afterwards has not ended it, and is of no more use."""
        self.is_idle = False
        try:
            self._writer.write(frames.encode(frames.request_frame(request)))
            await self._read()
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise NotTakenError from error
        try:
            answer = await self._read()
            while "progress" in answer:
                progress(answer["progress"])
                answer = await self._read()
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise UnexpectedEndError(CRASHED) from error
        self.is_idle = True
        return media_or_raise(answer)

    def kill(self) -> None:
        """Kills it at once, with everything that it has started."""
        self.is_idle = False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._writer.close()
        self._killed.set()

    async def killed(self) -> None:
        await self._killed.wait()

    async def status(self) -> int:
        """Waits until it is gone, and answers its exit status; minus the number of a signal."""
        while True:
            try:
                async with asyncio.timeout(REAP_S):
                    return await self._process.wait()
            except TimeoutError:
                # A killed process may take its time to free its memory; its slot waits for it.
                logger.warning("generator_lingers", pid=self._process.pid)

    async def _read(self) -> dict[str, Any]:
        header = await self._reader.readexactly(frames.HEADER.size)
        return frames.decode(await self._reader.readexactly(frames.length_of(header)))


async def launch(limits: GeneratorLimits, fork_server: ForkServer, pipe: socket.socket) -> ForkedProcess:
    arguments = {
        "memory-bytes": limits.memory_bytes,
        "file-bytes": limits.file_bytes,
        "providers": ",".join(limits.providers),
    }
    program = Program(GENERATOR, environment(), [f"--{key}={value}" for key, value in arguments.items()])
    return await fork_server.start(program, stdin=pipe.fileno(), stderr=STDERR)


def generator_server(providers: Sequence[str]) -> ForkServer:
    """Forks generators from a process that has loaded what they compute with; it shares no thread with this one."""
    packages = [f"{PROVIDERS}.{name.removeprefix('flexura-')}" for name in providers]
    return ForkServer([FRAMES, f"{GENERATOR}.local", *packages], environment())


def environment() -> dict[str, str]:
    """What the worker was given, without its settings: no generator needs to know where secrets lie."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FLEXURA_")}
    # One slot is to keep one core busy; libraries would start a thread for each.
    return inherited | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def media_or_raise(answer: Mapping[str, Any]) -> Media:
    if "media" not in answer:
        raise frames.error_from(answer)
    return frames.media_from(answer)
