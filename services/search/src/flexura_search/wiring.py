"""Everything the search service is made of, in the order it starts."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from urllib.request import getproxies

from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from flexura_kit import log
from flexura_kit.bus import bus
from flexura_kit.egress import Egress, networks
from flexura_kit.lifecycle import Lifecycle
from flexura_kit.rpc import rpc_server
from flexura_kit.settings import secret
from flexura_search.engines import BraveEngine, DDGSEngine, ExaEngine, SearXNGEngine, TavilyEngine, WikipediaEngine
from flexura_search.kept import Bucket, MemoryShelf, SharedShelf, Shelves
from flexura_search.ports import PageReader, SearchEngine
from flexura_search.reader.fetch import USER_AGENT
from flexura_search.reader.pages import pages
from flexura_search.rpc import search_service
from flexura_search.service.continuations import Continuations
from flexura_search.service.federation import Federation
from flexura_search.service.places import Places
from flexura_search.service.reading import PageReadings
from flexura_search.service.searches import Searches
from flexura_search.settings import SearchSettings, listed, ports

ENGINE_CONNECTIONS_MAX = 256
DDGS_THREADS = 8
THREADS = 32
KEY_BYTES = 32

logger = log.get_logger()


async def build(settings: SearchSettings, life: Lifecycle) -> None:
    # Names are looked up there, and long answers cut: slow name servers must not hold those up.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="aside"))
    shelves = await shelves_of(settings, life)
    reader = await reader_of(settings, life)
    federation = Federation(await engines_of(settings, life))
    continuations = Continuations(continuation_key(settings))
    places = Places(settings.searches_of_account_max, settings.searches_max)
    searches = await life.enter(aclosing(Searches(federation, reader, shelves, continuations, places)))
    readings = PageReadings(reader, shelves, continuations, places)
    life.serve(rpc_server(settings.rpc, [search_service(searches, readings)]))


async def shelves_of(settings: SearchSettings, life: Lifecycle) -> Shelves:
    connection = await life.enter(bus(settings.nats, "search"))
    bucket = Bucket(connection, settings.cache.bytes_max, settings.cache.replicas)
    life.run("cache", bucket.run)
    life.impaired_checks["nats"] = connection.trouble
    return await life.enter(aclosing(Shelves(MemoryShelf(settings.cache.characters_max), SharedShelf(bucket))))


async def reader_of(settings: SearchSettings, life: Lifecycle) -> PageReader:
    reader = settings.reader
    egress = Egress(networks(reader.networks))
    return await life.enter(pages(egress, reader.contact, ports=ports(reader.ports), workers=reader.workers))


async def engines_of(settings: SearchSettings, life: Lifecycle) -> list[SearchEngine]:
    """Those that have what they need; without a key or an address an engine is not there."""
    session = await life.enter(engine_session())
    user_agent = USER_AGENT.format(contact=settings.reader.contact)
    keyless = listed(settings.keyless)
    engines: list[SearchEngine] = [*engines_with_key(settings, session)]
    if settings.searxng.url:
        engines.append(SearXNGEngine(session, settings.searxng.url, user_agent))
    if "wikipedia" in keyless:
        engines.append(WikipediaEngine(session, user_agent, settings.wikipedia.url))
    if "ddgs" in keyless:
        engines.append(DDGSEngine(await life.enter(threads()), DDGS_THREADS))
    logger.info("engines_set_up", engines=[engine.name for engine in engines])
    return engines


def engines_with_key(settings: SearchSettings, session: ClientSession) -> Iterator[SearchEngine]:
    if key := secret(settings.brave.key_file):
        yield BraveEngine(session, key, settings.brave.url)
    if key := secret(settings.tavily.key_file):
        yield TavilyEngine(session, key, settings.tavily.url)
    if key := secret(settings.exa.key_file):
        yield ExaEngine(session, key, settings.exa.url)


@asynccontextmanager
async def engine_session() -> AsyncIterator[ClientSession]:
    """One for all engines: their addresses are the operator's, so a proxy of the environment is honoured."""
    connector = TCPConnector(limit=ENGINE_CONNECTIONS_MAX)
    # Where there is none, looking for it would cost each request two turns in a thread.
    has_proxy = bool(getproxies())
    async with ClientSession(connector=connector, cookie_jar=DummyCookieJar(), trust_env=has_proxy) as session:
        yield session


@asynccontextmanager
async def threads() -> AsyncIterator[ThreadPoolExecutor]:
    executor = ThreadPoolExecutor(DDGS_THREADS, thread_name_prefix="ddgs")
    try:
        yield executor
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def continuation_key(settings: SearchSettings) -> bytes:
    key = secret(settings.continuation_key_file)
    if key:
        return key.encode()
    logger.warning("continuation_key_made", effect="`continue` works with this process only, until it ends")
    return secrets.token_bytes(KEY_BYTES)
