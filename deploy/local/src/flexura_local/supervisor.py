"""Starts all parts in order, keeps them running, and stops them in the order in which they need each other."""

import asyncio
import signal
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from flexura_kit.fork_server import ForkServer, Program
from flexura_kit.startup import os_fault
from flexura_local.child import forked_output
from flexura_local.console import Console
from flexura_local.home import Home
from flexura_local.keeper import Keeper
from flexura_local.parts import Plan, passed_on, shown

T = TypeVar("T")

START_TIMEOUT_S = 90.0
FIRST_ACCOUNT = "flexura_local.first_account"


class StartError(Exception):
    """It could not be started; the message says why."""


class Supervisor:
    """Owner of every process of one installation."""

    def __init__(self, home: Home, plan: Plan, console: Console, start_timeout_s: float = START_TIMEOUT_S) -> None:
        self._home = home
        self._start_timeout_s = start_timeout_s
        self._plan = plan
        self._console = console
        self._stop_asked = asyncio.Event()
        self._fork_server = ForkServer(shared_modules(plan), passed_on())
        self._stages = [[Keeper(part, home, console, self._fork_server) for part in stage] for stage in plan.stages]
        by_name = {keeper.part.name: keeper for keeper in self._keepers()}
        for keeper in self._keepers():
            keeper.user = by_name.get(keeper.part.user)

    async def run(self) -> None:
        """Runs until it is asked to stop; raises StartError where not everything became ready."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._asked_to_stop)
        failure: StartError | None = None
        async with asyncio.TaskGroup() as group:
            try:
                await self._start(group)
                await self._run_until_stopped()
                self._console.stopping()
            except StartError as error:
                failure = error
            finally:
                await self._stop()
        if failure is not None:
            raise failure

    async def _run_until_stopped(self) -> None:
        for keeper in self._keepers():
            keeper.end_start()
        failed = asyncio.create_task(self._failure(), name="failure")
        stop = asyncio.create_task(self._stop_asked.wait(), name="stop")
        try:
            await asyncio.wait([failed, stop], return_when=asyncio.FIRST_COMPLETED)
            if not stop.done():
                raise failed.result()
        finally:
            await ended(failed, stop)

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
        """Starts all parts side by side and answers the first key when all are ready at once; raises StartError."""
        ready = asyncio.create_task(self._all_ready(group), name="start")
        failed = asyncio.create_task(self._failure(), name="failure")
        try:
            await asyncio.wait([ready, failed], timeout=self._start_timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if failed.done():
                raise failed.result()
            if not ready.done():
                raise self._too_late()
            return ready.result()
        finally:
            await ended(ready, failed)

    async def _all_ready(self, group: asyncio.TaskGroup) -> str:
        first_key = asyncio.create_task(self._first_key(), name="first-key")
        try:
            for keeper in self._keepers():
                if not keeper.part.needs_first_key:
                    group.create_task(keeper.run(), name=keeper.part.name)
            key = await first_key
            for keeper in self._keepers():
                if keeper.part.needs_first_key:
                    group.create_task(keeper.run(), name=keeper.part.name)
            while not all(keeper.ready.is_set() for keeper in self._keepers()):
                for keeper in self._keepers():
                    await keeper.ready.wait()
            return key
        finally:
            await ended(first_key)

    async def _failure(self) -> StartError:
        """Waits until a part fails for good, and answers why."""
        waits = {asyncio.create_task(keeper.hopeless.wait()): keeper for keeper in self._keepers()}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            keeper = next(keeper for wait, keeper in waits.items() if wait in done)
        finally:
            await ended(*waits)
        if keeper.refusal:
            return StartError(f"{keeper.part.name} refuses its settings: {keeper.refusal}")
        name = keeper.part.name
        return StartError(f"{name} does not stay up, it {keeper.death} again and again{self._log_of(keeper)}")

    def _too_late(self) -> StartError:
        keeper = next((keeper for keeper in self._keepers() if not keeper.ready.is_set()), None)
        if keeper is None or not keeper.is_begun:
            return StartError("auth did not answer when asked for the first account")
        return StartError(
            f"{keeper.part.name} does not become ready within {self._start_timeout_s:g} s: {keeper.why_not_ready}"
            f"{self._log_of(keeper)}"
        )

    def _log_of(self, keeper: Keeper) -> str:
        last = f"; its last line: {line.rstrip('.')}" if (line := keeper.last_line()) else ""
        return f"{last}; see {shown(self._home.log(keeper.part.name))}"

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What the work answers; None where it is asked to stop first."""
        task, stop = asyncio.create_task(work), asyncio.create_task(self._stop_asked.wait())
        try:
            await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
            return await task if task.done() else None
        finally:
            await ended(task, stop)

    async def _first_key(self) -> str:
        # In a process of its own: one that has used gRPC must not start others.
        arguments = (self._plan.auth_target, str(self._home.first_key_file), str(2 * self._start_timeout_s))
        try:
            answer = await forked_output(self._fork_server, Program(FIRST_ACCOUNT, passed_on(), arguments))
        except OSError as error:
            raise StartError(f"the first account cannot be asked for: {os_fault(error)}") from error
        if answer.status != 0:
            said = answer.errors.strip().splitlines()
            raise StartError(f"auth made no first account: {said[-1] if said else 'it was killed'}")
        return answer.output

    async def _stop(self) -> None:
        # Backwards: whoever is needed stops after those who need it. The worker goes with the edge, so that what it
        # hands back still finds the jobs service.
        for stage in reversed(self._stages):
            await asyncio.gather(*(keeper.stop() for keeper in stage))
        await self._fork_server.close()

    def _keepers(self) -> list[Keeper]:
        return [keeper for stage in self._stages for keeper in stage]


async def ended(*tasks: asyncio.Task[Any]) -> None:
    """Cancels the tasks and waits until they have ended; what they raise meanwhile is of no interest any more."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def shared_modules(plan: Plan) -> list[str]:
    """What the parts have in common, loaded once: all that each of them is built of."""
    return [FIRST_ACCOUNT, *(f"{part.command[-1]}.wiring" for stage in plan.stages for part in stage if part.is_forked)]
