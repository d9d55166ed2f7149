"""Every route of the edge."""

from dataclasses import dataclass

from flexura_edge.http.assets import Assets
from flexura_edge.http.catalog import Catalog
from flexura_edge.http.deliveries import Deliveries
from flexura_edge.http.events import Events, EventTokenMaker
from flexura_edge.http.exchange import Route
from flexura_edge.http.health import Health
from flexura_edge.http.job_control import JobControl
from flexura_edge.http.job_json import TYPE
from flexura_edge.http.job_list import JobList
from flexura_edge.http.jobs import Generate, Jobs
from flexura_edge.http.openapi import OpenAPI
from flexura_edge.http.routes import Routes
from flexura_edge.http.search import Search
from flexura_edge.http.webhooks import Webhooks

BRIEF_S = 2.0
READ_S = 5.0
# Reading the body has a limit of its own; this leaves jobs its time even after a slow one.
WRITE_S = 15.0
SEARCH_S = 30.0
WAIT = ("wait",)


@dataclass(frozen=True, slots=True)
class Handlers:
    """One handler for each noun."""

    generate: Generate
    jobs: Jobs
    job_list: JobList
    job_control: JobControl
    events: Events
    event_tokens: EventTokenMaker
    catalog: Catalog
    assets: Assets
    search: Search
    webhooks: Webhooks
    deliveries: Deliveries
    openapi: OpenAPI
    health: Health


def routes(handlers: Handlers) -> Routes:
    return Routes(
        [
            *generate_routes(handlers.generate),
            *job_routes(handlers),
            Route("GET", "/api/agent/models", handlers.catalog.get, READ_S, needs_key=False),
            Route("GET", "/api/assets/{job_id}.{extension}", handlers.assets.get, READ_S, needs_key=False),
            Route("POST", "/api/search", handlers.search.search, SEARCH_S, is_repeatable=True, takes_body=True),
            Route("POST", "/api/extract", handlers.search.extract, SEARCH_S, is_repeatable=True, takes_body=True),
            *webhook_routes(handlers.webhooks, handlers.deliveries),
            Route("GET", "/api/openapi.json", handlers.openapi.get, BRIEF_S, needs_key=False),
            Route("GET", "/healthz", handlers.health.live, BRIEF_S, needs_key=False),
            Route("GET", "/readyz", handlers.health.ready, BRIEF_S, needs_key=False),
        ]
    )


def generate_routes(generate: Generate) -> list[Route]:
    return [
        Route(
            "POST",
            f"/api/generate/{word}",
            generate.of(media_type),
            WRITE_S,
            takes_idempotency_key=True,
            parameters=WAIT,
            takes_body=True,
        )
        for media_type, word in TYPE.items()
    ]


def job_routes(handlers: Handlers) -> list[Route]:
    one = "/api/jobs/{job_id}"
    return [
        Route("GET", "/api/jobs", handlers.job_list.get, READ_S, parameters=None),
        Route("GET", one, handlers.jobs.get, READ_S, parameters=WAIT),
        Route("DELETE", one, handlers.job_control.delete, READ_S),
        Route("POST", f"{one}/cancel", handlers.job_control.cancel, READ_S, is_repeatable=True),
        Route("GET", f"{one}/events", handlers.events.of_job, READ_S, parameters=None, takes_event_token=True),
        Route("GET", "/api/events", handlers.events.of_account, READ_S, parameters=None, takes_event_token=True),
        Route("POST", "/api/events/token", handlers.event_tokens.create, BRIEF_S, is_repeatable=True),
    ]


def webhook_routes(webhooks: Webhooks, deliveries: Deliveries) -> list[Route]:
    one = "/api/webhooks/{webhook_id}"
    return [
        Route("POST", "/api/webhooks", webhooks.create, WRITE_S, takes_body=True),
        Route("GET", "/api/webhooks", webhooks.list, READ_S, parameters=None),
        Route("DELETE", one, webhooks.delete, READ_S),
        Route("POST", f"{one}/rotate", webhooks.rotate, WRITE_S, takes_body=True),
        Route("POST", f"{one}/test", webhooks.test, READ_S),
        Route("GET", f"{one}/deliveries", deliveries.list, READ_S, parameters=None),
        Route("POST", f"{one}/deliveries/{{delivery_id}}/resend", deliveries.resend, READ_S, is_repeatable=True),
    ]
