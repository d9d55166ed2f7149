"""The owner's side: starts the server of forks, asks it for processes, and hears how each of them ended."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flexura_kit.fork_server.requests import Request, send_request

MODULE = "flexura_kit.fork_server"
START_S = 60.0  # For all modules to be loaded, on a machine under load.
STOP_S = 5.0
# Room for the arguments and the environment that each child shows in the place of the server's own.
ROOM = " " * 4096
ROOM_VARIABLE = "FORK_SERVER_ROOM"


@dataclass(frozen=True, slots=True)
class Program:
    """What `python -m MODULE ARGUMENT...` is started with; the environment is all that it has."""

    module: str
    environment: Mapping[str, str]
    arguments: Sequence[str] = ()


class ForkedProcess:
    """A process that was forked, in a session and a group of its own."""

    def __init__(self, pid: int, ended: asyncio.Future[int]) -> None:
        self.pid = pid
        self._ended = ended

    @property
    def returncode(self) -> int | None:
        """The status with which it ended, minus the number of the signal that ended it; None while it runs."""
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    def send_signal(self, number: int) -> None:
        if not self._ended.done():
            os.kill(self.pid, number)


class ForkServer:
    """Forks processes that have the named modules; those that cannot be loaded are left to each process to miss.

    The server is a process of its own: this one has threads, and those of gRPC do not survive a fork. It is started
    with the first process and again where it has ended. Its processes end with it, and it ends with this process.
    """

    def __init__(self, modules: Sequence[str], environment: Mapping[str, str]) -> None:
        self._modules = modules
        self._environment = environment
        self._asking = asyncio.Lock()
        self._running: _RunningServer | None = None

    async def start(
        self, program: Program, stdin: int | None = None, stdout: int | None = None, stderr: int | None = None
    ) -> ForkedProcess:
        """Starts a program with these descriptors, None for /dev/null; raises OSError where it cannot be started."""
        async with self._asking:
            running = await self._server()
            try:
                async with asyncio.timeout(START_S):
                    return await running.fork(program, {0: stdin, 1: stdout, 2: stderr})
            except OSError:
                # One that does not answer any more is of no use; a time-out is such an error, too.
                if not running.is_answering:
                    await self._end()
                raise

    async def close(self) -> None:
        """Ends the server and each process that is left."""
        async with self._asking:
            await self._end()

    async def _server(self) -> "_RunningServer":
        if self._running is None or self._running.is_gone:
            await self._end()
            self._running = await _RunningServer.start(self._modules, self._environment)
        return self._running

    async def _end(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            await running.end()


class _RunningServer:
    """One life of the server."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        owner: socket.socket,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._owner = owner
        self._writer = writer
        self._asked: deque[asyncio.Future[int]] = deque()
        """Who waits, in the order of the answers; one who was cancelled has no use for a process."""
        self._ended: dict[int, asyncio.Future[int]] = {}
        self._hearing = asyncio.create_task(self._hear(reader), name="fork-server")

    @classmethod
    async def start(cls, modules: Sequence[str], environment: Mapping[str, str]) -> "_RunningServer":
        ours, theirs = socket.socketpair()
        with theirs:
            process = launch(modules, environment, theirs)
        # Requests carry descriptors, which a stream of asyncio cannot send. They are small, and one waits at a time.
        requests = ours.dup()
        return cls(process, requests, *await asyncio.open_connection(sock=ours))

    @property
    def is_gone(self) -> bool:
        return self._hearing.done()

    @property
    def is_answering(self) -> bool:
        return not self.is_gone and not self._asked

    async def fork(self, program: Program, descriptors: Mapping[int, int | None]) -> ForkedProcess:
        asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        given = {standard: descriptor for standard, descriptor in descriptors.items() if descriptor is not None}
        request = Request(program.module, list(program.arguments), dict(program.environment), given)
        send_request(self._owner, request)
        self._asked.append(asked)
        pid = await asked
        return ForkedProcess(pid, self._ended[pid])

    async def end(self) -> None:
        self._writer.close()
        self._owner.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await asyncio.to_thread(self._process.wait, STOP_S)
        await self._hearing

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                self._take(json.loads(line))
        for asked in self._asked:
            if not asked.done():
                asked.set_exception(OSError("the server of forks has ended"))
        for ended in self._ended.values():
            # The kernel ends them when it ends.
            ended.set_result(-signal.SIGKILL)

    def _take(self, answer: Mapping[str, int]) -> None:
        if "ended" in answer:
            self._ended.pop(answer["ended"]).set_result(answer["status"])
            return
        asked = self._asked.popleft()
        if "started" in answer:
            self._ended[answer["started"]] = asyncio.get_running_loop().create_future()
            if asked.done():
                os.kill(answer["started"], signal.SIGKILL)
            else:
                asked.set_result(answer["started"])
        elif not asked.done():
            asked.set_exception(OSError(answer["errno"], os.strerror(answer["errno"])))


def launch(modules: Sequence[str], environment: Mapping[str, str], owner: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own module, and names of modules.
        [sys.executable, "-m", MODULE, str(owner.fileno()), str(os.getpid()), ",".join(modules), ROOM],
        pass_fds=[owner.fileno()],
        stdin=subprocess.DEVNULL,
        env={**environment, ROOM_VARIABLE: ROOM},
        # A group of its own: Ctrl-C at a terminal is the owner's to handle.
        start_new_session=True,
    )
