"""One server process of a test: started, watched until it answers, stopped by its pid."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 15.0
POLL_S = 0.03


class ServerProcess:
    """A program that serves; it can be killed, paused and started again at the same place."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        why_not_ready: Callable[[], Awaitable[str | None]],
        *,
        user_id: int | None = None,
        environment: Mapping[str, str] | None = None,
        start_timeout_s: float = START_TIMEOUT_S,
    ) -> None:
        self._command = command
        self._log = log
        self._why_not_ready = why_not_ready
        self._user_id = user_id
        self._environment = environment
        self._start_timeout_s = start_timeout_s
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def log_text(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    async def start(self) -> None:
        """Starts it and waits until it answers."""
        self._process = self._spawn()
        try:
            await self._ready()
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """Asks it to end, and kills it where it does not."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """Ends it as a power cut would."""
        await self._end(signal.SIGKILL)

    async def quit(self) -> None:
        """Ends it with SIGQUIT; for PostgreSQL that is `pg_ctl stop -m immediate`."""
        await self._end(signal.SIGQUIT)

    def pause(self) -> None:
        """Freezes it: its connections stay open and nothing answers."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._user_id,
                group=self._user_id,
                extra_groups=None if self._user_id is None else [],
                env=self._environment,
                cwd=self._log.parent,
                # Its own session: Ctrl-C at a test run is for pytest, which then stops it in order.
                start_new_session=True,
            )

    async def _ready(self) -> None:
        deadline = time.monotonic() + self._start_timeout_s
        while (reason := await self._why_not_ready()) is not None:
            if self._running().poll() is not None:
                raise RuntimeError(f"{self._command[0]} ended at start:\n{self.log_text[-2000:]}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._command[0]} is not ready: {reason}\n{self.log_text[-2000:]}")
            await asyncio.sleep(POLL_S)

    async def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        process.send_signal(signal.SIGCONT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(process.wait, STOP_TIMEOUT_S)
        with contextlib.suppress(ProcessLookupError):
            # What it started itself goes with it.
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError(f"{self._command[0]} is not running")
        return self._process
