"""Starts all parts in order, keeps them running, and stops them in the order in which they need each other."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from flexura_local.child import launched
from flexura_local.console import Console
from flexura_local.home import Home
from flexura_local.keeper import Keeper
from flexura_local.parts import Plan, shown

T = TypeVar("T")

START_TIMEOUT_S = 90.0
FIRST_ACCOUNT_TIMEOUT_S = 60.0


class StartError(Exception):
    """It could not be started; the message says why."""


class Supervisor:
    """Owner of every process of one installation."""

    def __init__(self, home: Home, plan: Plan, console: Console) -> None:
        self._home = home
        self._plan = plan
        self._console = console
        self._stop_asked = asyncio.Event()
        self._stages = [[Keeper(part, home, console) for part in stage] for stage in plan.stages]

    async def run(self) -> None:
        """Runs until it is asked to stop; raises StartError where not everything became ready."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._asked_to_stop)
        failure: StartError | None = None
        async with asyncio.TaskGroup() as group:
            try:
                await self._start(group)
                await self._stop_asked.wait()
                self._console.stopping()
            except StartError as error:
                failure = error
            finally:
                await self._stop()
        if failure is not None:
            raise failure

    def _asked_to_stop(self) -> None:
        if self._stop_asked.is_set():
            for keeper in self._keepers():
                keeper.kill()
        self._stop_asked.set()

    async def _start(self, group: asyncio.TaskGroup) -> None:
        began = time.monotonic()
        key = await self._unless_stopped(self._all_started(group))
        if key is None:
            return
        self._console.welcome(self._plan.public_url, self._plan.local_url, time.monotonic() - began)
        self._console.first_steps(self._plan.local_url, key, str(self._home.first_key_file))

    async def _all_started(self, group: asyncio.TaskGroup) -> str:
        """Starts all parts side by side and answers the first key when each is ready; raises StartError."""
        try:
            async with asyncio.TaskGroup() as starts:
                key = starts.create_task(self._first_key(), name="first-key")
                for keeper in self._keepers():
                    starts.create_task(self._started(keeper, group, key), name=f"start-{keeper.part.name}")
        except* StartError as errors:
            failure = errors.exceptions[0]
            raise failure from None
        return key.result()

    async def _started(self, keeper: Keeper, group: asyncio.TaskGroup, key: asyncio.Task[str]) -> None:
        if keeper.part.needs_first_key:
            await asyncio.wait([key])
            if key.cancelled() or key.exception() is not None:
                return
        group.create_task(keeper.run(), name=keeper.part.name)
        await self._keeper_ready(keeper)

    async def _keeper_ready(self, keeper: Keeper) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (keeper.ready, keeper.hopeless)]
        try:
            await asyncio.wait(waits, timeout=START_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if keeper.refusal:
            raise StartError(f"{keeper.part.name} refuses its settings: {keeper.refusal}")
        if not keeper.ready.is_set():
            raise StartError(f"{keeper.part.name} does not become ready; see {shown(self._home.log(keeper.part.name))}")

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What the work answers; None where it is asked to stop first."""
        task, stop = asyncio.create_task(work), asyncio.create_task(self._stop_asked.wait())
        try:
            await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
            return await task if task.done() else None
        finally:
            for waited in (task, stop):
                waited.cancel()
            await asyncio.wait([task, stop])

    async def _first_key(self) -> str:
        # In a process of its own: one that has used gRPC must not start others.
        process = await asyncio.create_subprocess_exec(
            *launched(sys.executable, "-m", "flexura_local.first_account"),
            *(self._plan.auth_target, str(self._home.first_key_file), str(FIRST_ACCOUNT_TIMEOUT_S)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                output, errors = await process.communicate()
        except TimeoutError:
            raise StartError("auth did not answer when asked for the first account") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        if process.returncode != 0:
            raise StartError(f"auth made no first account: {errors.decode(errors='replace').strip()}")
        return output.decode()

    async def _stop(self) -> None:
        # Backwards: whoever is needed stops after those who need it. The worker goes with the edge, so that what it
        # hands back still finds the jobs service.
        for stage in reversed(self._stages):
            await asyncio.gather(*(keeper.stop() for keeper in stage))

    def _keepers(self) -> list[Keeper]:
        return [keeper for stage in self._stages for keeper in stage]
