"""One child process: started to die with us, its output in a log of bounded size, stopped by its own group."""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from flexura_kit.files import sync_file
from flexura_kit.fork_server import ForkedProcess, ForkServer, Program
from flexura_local.notifications import Notifications

LAUNCHER = Path(__file__).with_name("launch.py")
LOG_BYTES_MAX = 16 << 20
LOG_TAIL_BYTES = 16 << 10
LAST_LINES = 4
LINE_CHARACTERS_MAX = 160
PIPE_BYTES = 64 << 10


class Output(NamedTuple):
    """How a program ended, and what it wrote."""

    status: int
    output: str
    errors: str


class Child:
    """A running program."""

    def __init__(
        self,
        process: asyncio.subprocess.Process | ForkedProcess,
        log: Path,
        log_start: int,
        notifications: Notifications,
        why_no_log: OSError | None = None,
    ) -> None:
        self.why_no_log = why_no_log
        """Why what it writes goes nowhere; None where it goes to its log."""
        self._process = process
        self._notifications = notifications
        self._log = log
        self._log_start = log_start

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        ready_socket: Path,
        fork_server: ForkServer | None = None,
    ) -> "Child":
        """Starts a command; a module of Python is forked where there is a server of forks."""
        environment = {**environment, "NOTIFY_SOCKET": str(ready_socket)}
        notifications = Notifications(ready_socket)
        try:
            stream, why_no_log = opened(log)
            with stream:
                log_start = stream.tell()
                if fork_server is None:
                    process: asyncio.subprocess.Process | ForkedProcess = await executed(command, environment, stream)
                else:
                    process = await forked(fork_server, command, environment, stream)
        except BaseException:
            notifications.close()
            raise
        # Where it has none, what an earlier one wrote there is not its own.
        return cls(process, Path(os.devnull) if why_no_log else log, log_start, notifications, why_no_log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    @property
    def status(self) -> int | None:
        """With which it ended; negative where a signal ended it, None while it runs."""
        return self._process.returncode

    def why_not_ready(self) -> str | None:
        """What it says itself; None once it has said that it is ready."""
        return self._notifications.why_not_ready()

    def impaired(self) -> frozenset[str]:
        """Names what it says it does without; nothing once it has ended."""
        return self._notifications.impaired() if self.is_running else frozenset()

    async def wait(self) -> str:
        """Waits for its end and says how it ended."""
        code = await self._process.wait()
        self._notifications.close()
        if code >= 0:
            return f"ended with status {code}"
        return f"was killed by {signal.Signals(-code).name}"

    async def stop(self, grace_s: float) -> bool:
        """Asks it to end, kills it with all that it started where it does not in time; tells whether it ended."""
        self._send(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace_s):
                await self._process.wait()
        except TimeoutError:
            return False
        finally:
            self.kill()
            await self._process.wait()
        return True

    def kill(self) -> None:
        """Kills it and whatever it left behind in its group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def log_since_start(self) -> list[str]:
        """The last lines that this run wrote."""
        with contextlib.suppress(OSError), self._log.open("rb") as stream:
            end = stream.seek(0, os.SEEK_END)
            stream.seek(max(end - LOG_TAIL_BYTES, min(self._log_start, end)))
            return stream.read().decode(errors="replace").splitlines()
        return []

    def last_words(self) -> list[str]:
        """The last lines that tell of trouble, or the last ones where none does."""
        lines = [shortened(line) for line in self.log_since_start() if line.strip()]
        return ([line for line in lines if tells_of_trouble(line)] or lines)[-LAST_LINES:]

    def plain_words(self) -> list[str]:
        """The last lines for people, as they are: what stands below the last line of the log proper."""
        lines = [line for line in self.log_since_start() if line.strip()]
        return list(reversed(list(itertools.takewhile(lambda line: not line.startswith("{"), reversed(lines)))))

    def _send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


async def executed(
    command: Sequence[str], environment: Mapping[str, str], output: BinaryIO
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *launched(*command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=environment,
        # A group of its own: Ctrl-C reaches the supervisor alone, which then stops all in order.
        start_new_session=True,
    )


async def forked(
    fork_server: ForkServer, command: Sequence[str], environment: Mapping[str, str], output: BinaryIO
) -> ForkedProcess:
    _, _, module, *arguments = command
    program = Program(module, environment, arguments)
    return await fork_server.start(program, stdout=output.fileno(), stderr=output.fileno())


async def forked_output(fork_server: ForkServer, program: Program) -> Output:
    """Runs a program to its end, one that writes less than a pipe holds; it is killed where nobody waits any more."""
    with contextlib.ExitStack() as stack:
        (output, output_end), (errors, errors_end) = pipes = [os.pipe(), os.pipe()]
        for descriptor in (output, errors):
            stack.callback(os.close, descriptor)
        try:
            process = await fork_server.start(program, stdout=output_end, stderr=errors_end)
        finally:
            for _, end in pipes:
                os.close(end)
        try:
            status = await process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
        said, complained = (os.read(end, PIPE_BYTES).decode(errors="replace") for end in (output, errors))
        return Output(status, said, complained)


def launched(*command: str) -> list[str]:
    """The command, to be run so that it dies with this process, even when this one is killed."""
    return [sys.executable, "-S", "-E", str(LAUNCHER), str(os.getpid()), *command]


def opened(log: Path) -> tuple[BinaryIO, OSError | None]:
    """The log, to be added to; nothing, and why, where it cannot be had: a log is no need."""
    try:
        log.parent.mkdir(mode=0o700, exist_ok=True)
        rotate(log)
        return log.open("ab"), None
    except OSError as error:
        return Path(os.devnull).open("ab"), error


def rotate(log: Path) -> None:
    """Keeps one older log beside the present one; for a log that nobody writes to."""
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(older(log))


def rotate_in_use(log: Path) -> None:
    """Like rotate, for a log that a child writes to: it appends, so what is cut off comes back from the start."""
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        draft = older(log).with_suffix(".draft")
        try:
            # Piece by piece: read as a whole, it would stay in the memory of this process.
            shutil.copy(log, draft)
            sync_file(draft)
            draft.replace(older(log))
        except OSError:
            # On a full disk the room is worth more than the older lines.
            for file in (draft, older(log)):
                file.unlink(missing_ok=True)
        os.truncate(log, 0)


def older(log: Path) -> Path:
    return log.with_suffix(".log.1")


def tells_of_trouble(line: str) -> bool:
    return any(word in line.lower() for word in ("error", "exception", "fatal", "panic", "refused", "flexura_"))


def shortened(line: str) -> str:
    """One line for people: of our own JSON lines the event and what is beside it."""
    try:
        event = json.loads(line)
        extra = {k: v for k, v in event.items() if k not in {"event", "service", "time", "exception"}}
        cause = str(event.get("exception", "")).strip().rpartition("\n")[2]
        line = " ".join([str(event["event"]), *(f"{k}={v}" for k, v in extra.items()), cause])
    except (ValueError, KeyError, AttributeError):
        pass
    return line if len(line) <= LINE_CHARACTERS_MAX else line[: LINE_CHARACTERS_MAX - 1] + "…"
