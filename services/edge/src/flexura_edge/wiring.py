"""Everything the edge is made of, in the order it starts."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from grpc.aio import Channel

from flexura_edge.clients.auth import AuthClient
from flexura_edge.clients.job_control import JobControlClient
from flexura_edge.clients.jobs import JobsClient
from flexura_edge.clients.readiness import Readiness, health_of
from flexura_edge.clients.revocations import hear_revocations
from flexura_edge.clients.search import SearchClient
from flexura_edge.clients.store import store_client
from flexura_edge.clients.updates import hear_updates
from flexura_edge.clients.webhooks import WebhooksClient
from flexura_edge.http.app import Handlers, routes
from flexura_edge.http.assets import Assets
from flexura_edge.http.catalog import Catalog
from flexura_edge.http.deliveries import Deliveries
from flexura_edge.http.events import Events, EventStreams
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
from flexura_edge.settings import EdgeSettings, addresses
from flexura_edge.supply import Supplies
from flexura_edge.waiting import Waiting
from flexura_kit.blob import blobs
from flexura_kit.bus import bus
from flexura_kit.ids import AccountId, JobId, KeyId
from flexura_kit.lifecycle import Lifecycle
from flexura_kit.rpc import rpc_channel

NO_NATS = "it is not connected; a revoked key may work 30 s longer, and waiting may take seconds longer"


async def build(settings: EdgeSettings, life: Lifecycle) -> None:
    await build_with(settings, life, routes)


async def build_with(settings: EdgeSettings, life: Lifecycle, routes_of: Callable[[Handlers], Routes]) -> HTTPServer:
    """Builds the edge with other routes: `make bench` has one answer a constant, to measure all that surrounds it."""
    auth_channel = await life.enter(rpc_channel(settings.auth_target))
    jobs_channel = await life.enter(rpc_channel(settings.jobs_target))
    search_channel = await life.enter(rpc_channel(settings.search_target))
    auth = AuthClient(auth_channel)
    jobs = await life.enter(jobs_client(jobs_channel))
    search = SearchClient(search_channel)
    store = await life.enter(store_client(settings.s3, await life.enter(blobs(settings.s3, threads=1))))

    keys = Keys(auth.verify)
    connection = await life.enter(bus(settings.nats, "edge"))
    waiting = Waiting()

    def revoke(key_id: KeyId) -> None:
        keys.revoke(key_id)
        waiting.wake(key_id)

    hear_revocations(connection, revoke, keys.flush)
    supplies = Supplies(jobs.list_models, search.engines)
    life.run("catalog", supplies.keep_fresh)

    channels = {"auth": auth_channel, "jobs": jobs_channel, "search": search_channel}
    readiness = Readiness({name: health_of(channel) for name, channel in channels.items()} | {"store": store.why_not})
    life.run("services", readiness.watch)
    life.ready_checks["auth"] = lambda: readiness.why_not("auth")
    life.ready_checks["jobs"] = lambda: readiness.why_not("jobs")

    def impaired() -> dict[str, str]:
        checks = {
            "search": readiness.why_not("search"),
            "store": readiness.why_not("store"),
            "nats": None if connection.is_connected else NO_NATS,
        }
        return {name: why for name, why in checks.items() if why is not None}

    bodies = Limit("requests with a body", settings.bodies_max)
    control = JobControlClient(jobs_channel)
    webhooks = WebhooksClient(jobs_channel)
    waits = Waits(waiting, Limit("waiting requests", settings.waiters_max))
    job_handlers = Jobs(jobs.get, waits, settings.public_url)
    streams = event_streams(settings, keys, waiting)

    def forget(account_id: AccountId, job_id: JobId) -> None:
        job_handlers.forget(account_id, job_id)
        jobs.forget(job_id)

    handlers = Handlers(
        generate=Generate(jobs.create, bodies, job_handlers),
        jobs=job_handlers,
        job_list=JobList(control.list, settings.public_url),
        job_control=JobControl(control.cancel, control.delete, forget, settings.public_url),
        events=Events(control.list_events, jobs.get, streams, waits, settings.public_url),
        catalog=Catalog(supplies.current, settings.public_url),
        assets=Assets(jobs.resolve_asset, store.open_object, Limit("downloads", settings.streams_max)),
        search=Search(search.search, bodies),
        webhooks=Webhooks(webhooks, bodies),
        deliveries=Deliveries(webhooks),
        openapi=OpenAPI(settings.public_url),
        health=Health(life.unready, impaired),
    )

    def wake(account_id: AccountId, job_id: JobId) -> None:
        waiting.wake(job_id)
        waiting.wake(account_id)

    hear_updates(connection, wake, forget, waiting.wake_all)
    life.run("look", waiting.run)
    life.run("waiting", until_stopping(life, waiting.end))
    door = Door(routes_of(handlers), keys, Limit("requests", settings.requests_max))
    server = HTTPServer(door.handle, addresses(settings.listen), settings.grace_s)
    life.serve(server)
    return server


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
