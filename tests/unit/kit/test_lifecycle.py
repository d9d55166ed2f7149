"""The lifecycle: order of stopping, and what a dead loop does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from flexura_kit.lifecycle import Lifecycle


class Recorder:
    def __init__(self) -> None:
        self.events: list[str] = []

    @asynccontextmanager
    async def context(self, name: str) -> AsyncIterator[str]:
        self.events.append(f"open {name}")
        yield name
        self.events.append(f"close {name}")

    def server(self, name: str) -> "RecordingServer":
        return RecordingServer(self, name)


class RecordingServer:
    def __init__(self, recorder: Recorder, name: str) -> None:
        self._recorder = recorder
        self._name = name

    async def start(self) -> None:
        self._recorder.events.append(f"start {self._name}")

    async def stop(self) -> None:
        self._recorder.events.append(f"stop {self._name}")

    async def set_ready(self, *, is_ready: bool) -> None:
        self._recorder.events.append(f"ready {is_ready}")


async def test_servers_stop_first_then_loops_then_contexts_in_reverse_order() -> None:
    recorder, life = Recorder(), Lifecycle()

    async def loop() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            recorder.events.append("loop ended")

    assert await life.enter(recorder.context("database")) == "database"
    await life.enter(recorder.context("bus"))
    life.run("dispatch", loop)
    life.serve(recorder.server("rpc"))
    life.serve(recorder.server("http"))
    running = asyncio.create_task(life.run_until_stopped())
    await asyncio.sleep(0.01)
    life.stopping.set()
    await running
    await life.close()
    order = [event for event in recorder.events if not event.startswith("ready")]
    assert order == [
        "open database",
        "open bus",
        "start rpc",
        "start http",
        "stop http",
        "stop rpc",
        "loop ended",
        "close bus",
        "close database",
    ]
    assert not life.died()


async def test_a_loop_that_ends_by_itself_stops_the_process() -> None:
    recorder, life = Recorder(), Lifecycle()

    async def loop() -> None:
        return

    life.run("dispatch", loop)
    life.serve(recorder.server("rpc"))
    await asyncio.wait_for(life.run_until_stopped(), 5)
    assert life.died()
    assert recorder.events[-1] == "stop rpc"


async def test_a_server_is_told_that_it_is_not_ready_and_why_is_named() -> None:
    recorder, life = Recorder(), Lifecycle()
    life.ready_checks["database"] = lambda: "it does not answer"
    life.ready_checks["bus"] = lambda: None
    assert life.unready() == {"database": "it does not answer"}
    life.serve(recorder.server("rpc"))
    running = asyncio.create_task(life.run_until_stopped())
    await asyncio.sleep(0.01)
    life.stopping.set()
    await running
    assert "ready False" in recorder.events
