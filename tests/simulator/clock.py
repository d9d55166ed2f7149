"""A loop whose time is virtual, and the processes that share it: each may be paused or killed at any of its steps."""

import asyncio
import contextvars
import heapq
import random
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

UNWINDING_STEPS_MAX = 100_000


class Step:
    """What asyncio calls a handle, without what asyncio alone needs of one: a seed makes thousands."""

    __slots__ = ("_args", "_callback", "_when", "context", "is_cancelled")

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: contextvars.Context | None,
        when: float = 0.0,
    ) -> None:
        self._callback = callback
        self._args = args
        self._when = when
        self.context = contextvars.copy_context() if context is None else context
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True
        self._callback, self._args = nothing, ()

    def cancelled(self) -> bool:
        return self.is_cancelled

    def when(self) -> float:
        return self._when

    def run(self, loop: "VirtualLoop") -> None:
        try:
            self.context.run(self._callback, *self._args)
        except Exception as error:  # noqa: BLE001 - As any loop does; whatever it is, it fails the seed.
            loop.call_exception_handler({"message": f"a step failed: {self._callback!r}", "exception": error})


def nothing() -> None:
    """What a cancelled step does."""


class Process:
    """What runs together, stops together and dies together. A step that is due waits in `ready`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dead = False
        self.is_paused = False
        self.resumed_at = float("-inf")
        self.ready: deque[Step] = deque()
        self.context = contextvars.copy_context()
        self.context.run(OWNER.set, self)


WORLD = Process.__new__(Process)
OWNER: contextvars.ContextVar[Process] = contextvars.ContextVar("owner", default=WORLD)
Process.__init__(WORLD, "world")


class VirtualLoop(asyncio.AbstractEventLoop):
    """Runs one step at a time: of a process drawn by lot, its oldest. Time jumps to the next timer when all wait.

    Within one process the order is that of any loop; between processes there is none to rely on.
    """

    def __init__(self, dice: random.Random) -> None:
        self._draw = dice.random
        self._now = 0.0
        self._timers: list[tuple[float, int, Step]] = []
        self._timers_made = 0
        self._runnable: list[Process] = []
        self._dead: list[Process] = []
        self.steps = 0
        self.crashes: list[str] = []
        self.journal: list[str] | None = None
        """What happened, in words, where somebody wants to read it."""
        WORLD.ready.clear()

    # What asyncio asks of a loop.

    def time(self) -> float:
        return self._now

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Coroutine[Any, Any, T], **options: Any) -> asyncio.Task[T]:
        return asyncio.Task(coro, loop=self, **options)

    def call_soon(self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None) -> Any:
        step = Step(callback, args, context)
        self._make_ready(step)
        return step

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> Any:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> Any:
        step = Step(callback, args, context, when)
        self._timers_made += 1
        heapq.heappush(self._timers, (when, self._timers_made, step))
        return step

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.crashes.append(f"{context.get('message')}: {context.get('exception')!r}")

    # What the world asks of it.

    def note(self, words: str) -> None:
        if self.journal is not None:
            self.journal.append(f"{self._now:9.3f}  {OWNER.get().name:<10} {words}")

    def spawn(self, process: Process, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        return asyncio.Task(coroutine, loop=self, context=process.context.copy())

    def kill(self, process: Process) -> None:
        """Ends a process as a power cut does: nothing of it runs any more, not even what would clean up."""
        self.note(f"{process.name} dies")
        process.is_dead = True
        self._set_aside(process)
        self._dead.append(process)

    def pause(self, process: Process) -> None:
        self.note(f"{process.name} is paused")
        process.is_paused = True
        self._set_aside(process)

    def resume(self, process: Process) -> None:
        self.note(f"{process.name} goes on")
        process.is_paused = False
        process.resumed_at = self._now
        if process.ready and not process.is_dead:
            self._runnable.append(process)

    def run_until_complete(self, future: Coroutine[Any, Any, T]) -> T:
        asyncio._set_running_loop(self)
        try:
            task = self.create_task(future)
            step, is_done = self._step, task.done
            while not is_done():
                step()
            return task.result()
        finally:
            self._unwind()
            asyncio._set_running_loop(None)

    def _make_ready(self, step: Step) -> None:
        process = step.context.get(OWNER, WORLD)
        if not process.ready and not process.is_paused and not process.is_dead:
            self._runnable.append(process)
        process.ready.append(step)

    def _set_aside(self, process: Process) -> None:
        if process in self._runnable:
            self._runnable.remove(process)

    def _step(self) -> None:
        timers, runnable = self._timers, self._runnable
        if not runnable:
            if not timers:
                raise RuntimeError("everything waits and nothing will ever happen")
            self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            # A cancelled timer is passed over when its time comes.
            due = heapq.heappop(timers)[2]
            if not due.is_cancelled:
                self._make_ready(due)
        if not runnable:
            return
        number = int(self._draw() * len(runnable))
        process = runnable[number]
        step = process.ready.popleft()
        if not process.ready:
            del runnable[number]
        if not step.is_cancelled:
            self.steps += 1
            step.run(self)

    def _unwind(self) -> None:
        """Ends what is left of all processes, the dead ones too, so that nothing of one seed is seen in the next."""
        seen, steps, self.journal = list(self.crashes), self.steps, None
        self._timers.clear()
        for task in asyncio.all_tasks(self):
            task.cancel()
        for process in self._dead:
            process.is_dead = False
            self.resume(process)
        for _ in range(UNWINDING_STEPS_MAX):
            if not self._runnable:
                break
            self._step()
        self.crashes, self.steps = seen, steps
