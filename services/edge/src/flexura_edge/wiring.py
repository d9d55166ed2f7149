"""Everything the edge is made of, in the order it starts."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from grpc.aio import Channel

from flexura_edge.clients.auth import AuthClient
from flexura_edge.clients.job_control import JobControlClient
from flexura_edge.clients.jobs import JobsClient
from flexura_edge.clients.readiness import Condition, Readiness, status_of
from flexura_edge.clients.revocations import hear_revocations
from flexura_edge.clients.search import SearchClient
from flexura_edge.clients.store import StoreClient, store_client
from flexura_edge.clients.updates import hear_updates
from flexura_edge.clients.webhooks import WebhooksClient
from flexura_edge.event_tokens import EventTokens, read_secrets
from flexura_edge.http.app import Handlers, routes
from flexura_edge.http.assets import Assets
from flexura_edge.http.catalog import Catalog
from flexura_edge.http.cross_origin import CrossOrigin
from flexura_edge.http.deliveries import Deliveries
from flexura_edge.http.events import Events, EventStreams, EventTokenMaker
from flexura_edge.http.health import Health
from flexura_edge.http.job_control import JobControl
from flexura_edge.http.job_list import JobList
from flexura_edge.http.jobs import Generate, Jobs
from flexura_edge.http.middleware import Door
from flexura_edge.http.openapi import OpenAPI
from flexura_edge.http.routes import Routes
from flexura_edge.http.search import Search
from flexura_edge.http.server import HTTPServer
from flexura_edge.http.waits import Waits
from flexura_edge.http.webhooks import Webhooks
from flexura_edge.keys import Keys
from flexura_edge.limits import Limit, StreamLimit
from flexura_edge.recent import keep_tidy
from flexura_edge.settings import EdgeSettings, addresses, origins
from flexura_edge.supply import Supplies
from flexura_edge.waiting import Waiting
from flexura_kit.blob import blobs
from flexura_kit.bus import Bus, bus
from flexura_kit.ids import AccountId, JobId, KeyId
from flexura_kit.lifecycle import Lifecycle
from flexura_kit.rpc import rpc_channel

STORE_READ_S = 2.0  # It is asked for its bucket alone; objects take another way.
NO_NATS = "a revoked key may work 30 s longer, and waiting may take seconds longer"


async def build(settings: EdgeSettings, life: Lifecycle) -> None:
    await build_with(settings, life, routes)


async def build_with(settings: EdgeSettings, life: Lifecycle, routes_of: Callable[[Handlers], Routes]) -> HTTPServer:
    """Builds the edge with other routes: `make bench` has one answer a constant, to measure all that surrounds it."""
    asked = await services(settings, life)
    connection = await life.enter(bus(settings.nats, "edge"))
    keys, waiting = Keys(asked.auth.verify), waiting_room(life)
    supplies = Supplies(asked.jobs.list_models, asked.search.engines)
    waits = Waits(keys, waiting, Limit("waiting requests", settings.waiters_max))
    streams = event_streams(settings, keys, waiting)
    bodies, downloads = Limit("requests with a body", settings.bodies_max), Limit("downloads", settings.streams_max)
    control, public_url = asked.control, settings.public_url
    jobs = Jobs(asked.jobs.get, waits, public_url)

    def forget(account_id: AccountId, job_id: JobId) -> None:
        jobs.forget(account_id, job_id)
        asked.jobs.forget(job_id)

    tokens = EventTokens(read_secrets(settings.event_token_key_file), settings.event_token_s, asked.auth.time.now)
    handlers = Handlers(
        generate=Generate(asked.jobs.create, bodies, jobs, public_url),
        jobs=jobs,
        job_list=JobList(control.list, public_url),
        job_control=JobControl(control.cancel, control.delete, forget, public_url),
        events=Events(control.list_events, asked.jobs.get, streams, waits, public_url),
        event_tokens=EventTokenMaker(tokens, public_url),
        catalog=Catalog(supplies.current, public_url),
        assets=Assets(asked.jobs.resolve_asset, asked.jobs.look_for_asset, asked.store.open_object, downloads),
        search=Search(asked.search.search, asked.search.read_pages, bodies),
        webhooks=Webhooks(asked.webhooks, bodies),
        deliveries=Deliveries(asked.webhooks),
        openapi=OpenAPI(public_url),
        health=Health(life.unready, impairments(asked.readiness, connection)),
    )
    hear(connection, keys, waiting, forget)
    life.run("catalog", supplies.keep_fresh)
    life.run("memories", lambda: keep_tidy((keys, jobs, asked.jobs, asked.store)))
    cross_origin = CrossOrigin(origins(settings.cors_origins))
    door = Door(routes_of(handlers), keys, Limit("requests", settings.requests_max), cross_origin, tokens)
    server = HTTPServer(door.handle, addresses(settings.listen), settings.drain_s, settings.grace_s)
    life.serve(server)
    return server


class Services(NamedTuple):
    """Whom the edge asks."""

    auth: AuthClient
    jobs: JobsClient
    control: JobControlClient
    webhooks: WebhooksClient
    search: SearchClient
    store: StoreClient
    readiness: Readiness


async def services(settings: EdgeSettings, life: Lifecycle) -> Services:
    auth = await life.enter(rpc_channel(settings.auth_target))
    jobs = await life.enter(rpc_channel(settings.jobs_target))
    search = await life.enter(rpc_channel(settings.search_target))
    client = await life.enter(jobs_client(jobs))
    store = await life.enter(
        store_client(settings.s3, await life.enter(blobs(settings.s3, threads=1, read_s=STORE_READ_S, retries=0)))
    )

    async def store_condition(timeout_s: float) -> Condition:
        return Condition(await store.why_not(timeout_s))

    conditions = {"auth": status_of(auth), "jobs": status_of(jobs), "search": status_of(search)}
    readiness = Readiness(conditions | {"store": store_condition})
    life.run("services", readiness.watch)
    life.ready_checks["auth"] = lambda: readiness.why_not("auth")
    life.ready_checks["jobs"] = lambda: readiness.why_not("jobs")
    control, webhooks = JobControlClient(jobs), WebhooksClient(jobs)
    return Services(AuthClient(auth), client, control, webhooks, SearchClient(search), store, readiness)


def waiting_room(life: Lifecycle) -> Waiting:
    waiting = Waiting()
    life.run("look", waiting.run)
    life.run("waiting", until_stopping(life, waiting.end))
    return waiting


def impairments(readiness: Readiness, connection: Bus) -> Callable[[], dict[str, str]]:
    def impaired() -> dict[str, str]:
        checks = {
            "auth": readiness.why_impaired("auth"),
            "jobs": readiness.why_impaired("jobs"),
            "search": readiness.why_not("search") or readiness.why_impaired("search"),
            "store": readiness.why_not("store"),
            "nats": None if (why := connection.trouble()) is None else f"{why}; {NO_NATS}",
        }
        return {name: why for name, why in checks.items() if why is not None}

    return impaired


def hear(connection: Bus, keys: Keys, waiting: Waiting, forget: Callable[[AccountId, JobId], None]) -> None:
    """Acts on what auth and jobs tell."""

    def revoke(key_id: KeyId) -> None:
        keys.revoke(key_id)
        waiting.wake(key_id)

    def wake(account_id: AccountId, job_id: JobId) -> None:
        waiting.wake(job_id)
        waiting.wake(account_id)

    hear_revocations(connection, revoke, keys.flush)
    hear_updates(connection, wake, forget, waiting.wake_all)


def event_streams(settings: EdgeSettings, keys: Keys, waiting: Waiting) -> EventStreams:
    limit = StreamLimit(Limit("event streams", settings.event_streams_max), settings.event_streams_of_account_max)
    return EventStreams(keys, waiting, limit, settings.public_url, settings.event_heartbeat_s)


def until_stopping(life: Lifecycle, end: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    async def ended() -> None:
        await life.stopping.wait()
        end()

    return ended


@asynccontextmanager
async def jobs_client(channel: Channel) -> AsyncIterator[JobsClient]:
    client = JobsClient(channel)
    try:
        yield client
    finally:
        await client.close()
