"""Processes that parse, away from the event loop: what one page breaks, breaks for that page alone."""

import asyncio
import multiprocessing
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import TimeoutError as ParseTimeoutError
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_search.domain.pages import Page, Passage
from flexura_search.domain.queries import TextFormat
from flexura_search.reader.failures import overloaded, unreadable

WORKERS = 2
TASKS_MAX = 500  # Then a worker is replaced, and with it whatever leaked.
TIMEOUT_S = 10.0
WAITING_MAX = 256
BYTES_MAX = 128 << 20  # Of bodies that wait or are being parsed.
MEMORY_BYTES_MAX = 1536 << 20
PAGE_BYTES = 4096
PRELOADED = "flexura_search.reader.preloaded"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error on its way between processes."""

    kind: Kind
    reason: Reason
    message: str


BEYOND_US = Refusal(Kind.REFUSED, Reason.PAGE_UNREADABLE, "the page cannot be understood: use another source")


class Workers:
    def __init__(self, workers: int = WORKERS, timeout_s: float = TIMEOUT_S, waiting_max: int = WAITING_MAX) -> None:
        self._workers = workers
        self._timeout_s = timeout_s
        self._waiting_max = waiting_max
        self._under_way = 0
        self._bytes = 0
        self._pool = self._opened()

    async def parse(
        self, body: bytes, content_type: str, charset: str, url: str, text_format: TextFormat, query: str
    ) -> Page:
        """Reads a body, in its turn; raises FlexuraError where it cannot be read or too many wait."""
        if self._bytes + len(body) > BYTES_MAX:
            raise overloaded(url)
        self._bytes += len(body)
        try:
            answer = await self._run(url, parse_here, (body, content_type, charset, url, text_format, query))
        finally:
            self._bytes -= len(body)
        if isinstance(answer, Refusal):
            raise FlexuraError(answer.kind, answer.reason, answer.message, url=url)
        return answer

    async def rank(self, url: str, text: str, query: str) -> tuple[Passage, ...]:
        return await self._run(url, rank_here, (text, query))

    async def close(self) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]
        await asyncio.to_thread(self._pool.join)

    async def _run(self, url: str, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        if self._under_way >= self._workers + self._waiting_max:
            raise overloaded(url)
        self._under_way += 1
        try:
            try:
                return await self._answer(function, arguments)
            except BrokenProcessPool:
                # A worker died between two tasks, and the pool gives up what all of them had; once is bad luck.
                return await self._answer(function, arguments)
        except ParseTimeoutError as error:
            raise unreadable(url, "the page takes too long to be understood") from error
        except (ProcessExpired, BrokenProcessPool) as error:
            raise unreadable(url, "the page cannot be understood") from error
        except (MemoryError, RecursionError) as error:
            raise unreadable(url, "the page is too large or too deep to be understood") from error
        finally:
            self._under_way -= 1

    async def _answer(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        if not self._pool.active:
            # Its workers died while they had nothing to do.
            broken, self._pool = self._pool, self._opened()
            broken.stop()  # type: ignore[no-untyped-call]
            await asyncio.to_thread(broken.join)
        future = self._pool.schedule(function, args=arguments, timeout=self._timeout_s)
        try:
            # Cancelled by the library, a parse that has begun would take its worker along; it ends by itself soon.
            return await asyncio.shield(asyncio.wrap_future(future))
        except asyncio.CancelledError:
            if not future.running():
                future.cancel()  # type: ignore[no-untyped-call]
            raise

    def _opened(self) -> ProcessPool:
        return ProcessPool(self._workers, TASKS_MAX, initializer=bound_memory, context=_context())


def parse_here(
    body: bytes, content_type: str, charset: str, url: str, text_format: TextFormat, query: str
) -> Page | Refusal:
    from flexura_search.reader.parsing.parse import parse  # noqa: PLC0415 - the service itself never loads it.

    try:
        return parse(body, content_type, charset, url, text_format, query)
    except FlexuraError as error:
        return Refusal(error.kind, error.reason, error.message)
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - libraries raise what they like on what a stranger wrote.
        return BEYOND_US


def rank_here(text: str, query: str) -> tuple[Passage, ...]:
    from flexura_search.reader.parsing.highlights import highlights  # noqa: PLC0415 - as above.

    return highlights(text, query)


def bound_memory() -> None:
    """Bounds what parsing may take beyond what a worker has to begin with."""
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - other systems have none.

    begun_with = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * PAGE_BYTES
    bound = begun_with + MEMORY_BYTES_MAX
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))


def _context() -> Any:
    # Never a fork of this process, whose gRPC threads would not survive it. The server of forks is a process of its
    # own that has loaded what parsing needs, so that a new worker costs next to nothing and shares its memory.
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
    return context


@asynccontextmanager
async def parsing_workers(
    workers: int = WORKERS, timeout_s: float = TIMEOUT_S, waiting_max: int = WAITING_MAX
) -> AsyncIterator[Workers]:
    """The processes start with the first page: until then they would only take memory."""
    pool = Workers(workers, timeout_s, waiting_max)
    try:
        yield pool
    finally:
        await pool.close()
