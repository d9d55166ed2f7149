"""The one way to engines that speak JSON over HTTP: one deadline, one bound, and no redirect with a key."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from flexura_kit.clock import Clock, said_at, steady
from flexura_search.domain.findings import EngineFailedError, EngineStatus, QueryTooLongError
from flexura_search.engines.dates import seconds_until
from flexura_search.engines.failures import Failure, Reply, failure_of, said, sentence_of
from flexura_search.engines.reading import short

BODY_BYTES_MAX = 4 * 1024 * 1024
SAID_CHARACTERS_MAX = 200
TARGET_BYTES_SAFE = 3500  # Every server takes a target of this length; many take none beyond 4 or 8 KiB.
REFUSALS_OF_LENGTH = frozenset({400, 413, 414, 431})  # Servers say it in different ways.


class JSONAPI:
    """An engine's API. `explain` is asked before the table what a refusal means, where the engine has its own words."""

    def __init__(
        self,
        session: ClientSession,
        headers: Mapping[str, str],
        key: str = "",
        explain: Callable[[Reply], Failure | None] = lambda _: None,
        clock: Clock = steady.now,
    ) -> None:
        self._session = session
        self._headers = headers
        self._key = key
        self._explain = explain
        self._clock = clock

    async def get(self, url: str, parameters: Mapping[str, str], timeout_s: float) -> Reply:
        return await self._ask("GET", url, timeout_s, params=parameters)

    async def post(self, url: str, body: Mapping[str, Any], timeout_s: float) -> Reply:
        return await self._ask("POST", url, timeout_s, json=body)

    async def _ask(self, method: str, url: str, timeout_s: float, **message: Any) -> Reply:
        reply = await self._exchange(method, url, timeout_s, message)
        failure = self._explain(reply) or failure_of(reply)
        if failure is None:
            return reply
        target_bytes = len(urlencode(message.get("params", {})))
        if reply.status in REFUSALS_OF_LENGTH and target_bytes > TARGET_BYTES_SAFE:
            raise QueryTooLongError(f"no address of {target_bytes:,} bytes, which this query makes")
        raise self._failed(failure, reply)

    def _failed(self, failure: Failure, reply: Reply) -> EngineFailedError:
        """The error to raise: the sentence, what the engine said without the key, and when to ask again."""
        wait_s = failure.retry_after_s
        if wait_s is None:
            wait_s = seconds_until(
                reply.headers.get("Retry-After", ""), said_at(reply.headers.get("Date", ""), self._clock)
            )
        words = said(reply)
        if self._key:
            # Replaced before it is cut, or a part of the key would stay.
            words = words.replace(self._key, "[key]")
        words = short(words, SAID_CHARACTERS_MAX)
        reason = f"{failure.sentence}: {words}" if words else failure.sentence
        return EngineFailedError(failure.status, reason, wait_s, is_engines=failure.is_engines)

    async def _exchange(self, method: str, url: str, timeout_s: float, message: Mapping[str, Any]) -> Reply:
        try:
            # aiohttp's own limit rounds up to whole seconds.
            async with (
                asyncio.timeout(timeout_s),
                self._session.request(
                    method,
                    url,
                    headers=self._headers,
                    # Followed, a redirect would take the key where nobody sent it.
                    allow_redirects=False,
                    timeout=ClientTimeout(),
                    **message,
                ) as response,
            ):
                return await read(response)
        except TimeoutError:
            raise EngineFailedError(EngineStatus.TIMED_OUT, f"it did not answer within {timeout_s:.3g} s") from None
        except (ClientError, OSError) as error:
            raise EngineFailedError(EngineStatus.UNREACHABLE, sentence_of(error)) from error
        except ValueError:
            # A key with a line break in it, for one, cannot stand in a header.
            raise EngineFailedError(EngineStatus.BROKEN, "the request could not be written", is_engines=False) from None


async def read(response: ClientResponse) -> Reply:
    chunks = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        chunks += chunk
        if len(chunks) > BODY_BYTES_MAX:
            response.close()
            raise EngineFailedError(EngineStatus.BROKEN, "its answer is larger than 4 MiB")
    text = chunks.decode("utf-8", errors="replace")
    return Reply(response.status, response.headers, text, parsed(text))


def parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
