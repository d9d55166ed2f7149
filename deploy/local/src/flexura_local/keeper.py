"""Keeps one part running: starts it, sees that it becomes ready, starts it again when it dies."""

import asyncio
import contextlib
import math
import time

from flexura_kit.fork_server import ForkServer
from flexura_kit.startup import ExitStatus, os_fault
from flexura_local.child import Child, rotate_in_use
from flexura_local.console import Console
from flexura_local.home import Home
from flexura_local.kept_files import KeptFiles
from flexura_local.parts import Part
from flexura_local.readiness import refuses

READY_POLL_S = 0.05
READY_TIMEOUT_S = 30.0
RESTART_S_MIN, RESTART_S_MAX = 0.5, 10.0
HOPELESS_TIMES = 3
ROTATE_INTERVAL_S = 10.0
WATCH_POLL_S = 0.5


class Keeper:
    """The supervisor's hold on one part."""

    def __init__(self, part: Part, home: Home, console: Console, fork_server: ForkServer | None = None) -> None:
        self.part = part
        self.user: Keeper | None = None
        """Holds the part that uses this one, and tells what that one does without."""
        self._fork_server = fork_server if part.is_forked else None
        self.ready = asyncio.Event()
        self.hopeless = asyncio.Event()
        self._files = KeptFiles(home.made_files())
        self._is_log_told = False
        self._log = home.log(part.name)
        self._ready_socket = home.ready_socket(part.name)
        self._console = console
        self._stopping = asyncio.Event()
        self._child: Child | None = None
        self._deaths = 0
        self._early_deaths = 0
        self._has_been_steady = False
        self._is_start_over = False
        self._ready_at = math.inf
        self.why_not_ready = "it has not been started"
        """What it lacked when it was last asked."""
        self._has_been_ready = False
        self.death = ""
        """How it ended, where it does so again and again."""
        self.refusal = ""
        """What it says about its settings, where it ended because of them before it was ever ready."""

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.is_running else None

    @property
    def is_begun(self) -> bool:
        """Whether it has been started at least once."""
        return self._child is not None

    @property
    def impaired(self) -> frozenset[str]:
        """Names what the part says it does without."""
        return self._child.impaired() if self._child is not None else frozenset()

    async def run(self) -> None:
        """Runs until it is stopped."""
        while not self._stopping.is_set():
            how = await self._live(time.monotonic())
            if self._stopping.is_set():
                return
            if self._is_refused():
                # With the same settings it would end again.
                self.hopeless.set()
                await self._stopping.wait()
                return
            self._count_death()
            await self._pause_after(how)

    async def stop(self) -> None:
        self._stopping.set()
        child, began = self._child, time.monotonic()
        if child is None or not child.is_running:
            return
        ended = await child.stop(self.part.stop_grace_s)
        took = time.monotonic() - began
        self._console.stopped(self.part.name, f"stopped in {took:.1f} s" if ended else "did not stop and was killed")

    def kill(self) -> None:
        """Ends it without asking and does not start it again."""
        self._stopping.set()
        if self._child is not None:
            self._child.kill()

    def end_start(self) -> None:
        """From here on it may be killed from outside as often as somebody likes."""
        self._is_start_over = True

    def last_line(self) -> str:
        """The last line of trouble in its log, empty where it has written none."""
        lines = self._child.last_words() if self._child is not None else []
        return lines[-1] if lines else ""

    def _count_death(self) -> None:
        was_steady = time.monotonic() - self._ready_at > self.part.steady_s
        self._has_been_steady |= was_steady
        self._deaths = 1 if was_steady else self._deaths + 1
        has_failed = self._child is None or (self._child.status or 0) > 0
        if not self._has_been_steady and (has_failed or not self._is_start_over):
            self._early_deaths += 1

    async def _live(self, began: float) -> str:
        self._ready_at = math.inf
        try:
            self._make_again()
            child = await Child.start(
                self.part.command, self.part.environment, self._log, self._ready_socket, self._fork_server
            )
        except OSError as error:
            self._child = None
            return f"could not be started ({error})"
        self._child = child
        self._tell_of_log(child.why_no_log)
        if self._stopping.is_set():
            # Asked to stop in the very moment of the start.
            child.kill()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._see_ready(child, began)), group.create_task(self._bound_log())]
            how = await child.wait()
            for task in tasks:
                task.cancel()
        self.ready.clear()
        # What it started itself ends with it: the next one begins alone.
        child.kill()
        return how

    def _make_again(self) -> None:
        """Makes what it needs where somebody has deleted it."""
        self._ready_socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in self._files.restore():
            self._console.warned(f"{file} was gone, and was made again as it was")

    def _tell_of_log(self, why: OSError | None) -> None:
        if why is not None and not self._is_log_told:
            self._console.warned(f"{self.part.name} runs without a log: {os_fault(why)}")
        self._is_log_told = why is not None

    def _is_refused(self) -> bool:
        child = self._child
        if self._has_been_ready or not self.part.is_ours or child is None or child.status != ExitStatus.WRONG_SETTINGS:
            return False
        self.refusal = " ".join(child.plain_words())
        return bool(self.refusal)

    async def _see_ready(self, child: Child, began: float) -> None:
        while (why := await self.part.why_not_ready(child)) is not None:
            self.why_not_ready = why
            if time.monotonic() - began > READY_TIMEOUT_S:
                self._console.slow(self.part.name, f"{why}; killing it after {READY_TIMEOUT_S:g} s")
                child.kill()
                return
            await asyncio.sleep(READY_POLL_S)
        self.ready.set()
        self._has_been_ready = True
        self._ready_at = time.monotonic()
        self._console.ready(self.part.name, self.part.where, time.monotonic() - began)
        self._console.useless(self.part.name, await self._see_useless(child))
        child.kill()

    async def _see_useless(self, child: Child) -> str:
        """Answers why it must be started again, once it must, though it runs."""
        port, heard_at = self.part.port, time.monotonic()
        while True:
            await asyncio.sleep(min(WATCH_POLL_S, self.part.deaf_s_max))
            is_gone = self.part.socket is not None and not self.part.socket.exists()
            if not is_gone and (port is None or not await refuses(port)):
                heard_at = time.monotonic()
            elif is_gone and time.monotonic() - heard_at > self.part.deaf_s_max:
                return f"lives, and its socket {self.part.socket} is gone"
            elif time.monotonic() - heard_at > self.part.deaf_s_max:
                # Asked to end by somebody else, it hangs in that.
                return f"lives, and nobody listens on port {port} any more"
            if (why := await self._why_useless(child)) is not None:
                return why

    async def _why_useless(self, child: Child) -> str | None:
        for look in self.part.why_useless:
            if (why := await look(child)) is not None:
                return why
        # Read at each look, also where nobody asks: the socket takes a few messages and drops the rest.
        child.impaired()
        if self.user is None:
            return None
        return self.part.why_useless_to_user(child, self.part.user, self.user.impaired)

    async def _bound_log(self) -> None:
        while True:
            await asyncio.sleep(ROTATE_INTERVAL_S)
            # A disk that is full, or a log that somebody removed, is no reason to stop what runs.
            with contextlib.suppress(OSError):
                rotate_in_use(self._log)

    async def _pause_after(self, how: str) -> None:
        restart_s = min(RESTART_S_MIN * 2 ** (self._deaths - 1), RESTART_S_MAX)
        last_words = self._child.last_words() if self._child else []
        self._console.died(self.part.name, how, last_words, restart_s)
        if self._deaths == HOPELESS_TIMES:
            self._console.hopeless(self.part.name, self._deaths, str(self._log) if self._log.is_file() else "")
        if self._early_deaths >= HOPELESS_TIMES:
            # It may have been ready in between; it has never been so for long.
            self.death = how
            self.hopeless.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(restart_s):
                await self._stopping.wait()
