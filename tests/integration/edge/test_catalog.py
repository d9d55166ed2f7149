"""The catalog, as agents fetch it before they choose a model."""

import asyncio
from typing import Any

import pytest
from integration.edge.peers import PUBLIC_URL, Edge, Peers, edge
from integration.edge.search_peers import engine

from flexura.jobs.v1 import job_pb2, jobs_service_pb2
from flexura.search.v1 import search_service_pb2 as pb
from flexura_edge.http.openapi import document

SCHEMA = (
    '{"type":"object","additionalProperties":false,"properties":{'
    '"width":{"type":"integer","minimum":64,"maximum":2048,"default":1024},"ratio":{"type":"number"},'
    '"style":{"type":"string"},"tiled":{"type":"boolean"},"fail":{"enum":["crash","hang"]}}}'
)
FLUX = jobs_service_pb2.Model(
    model="nvidia-flux",
    media_type=job_pb2.MEDIA_TYPE_IMAGE,
    description="Fast image generation for photorealistic prompts",
    status=jobs_service_pb2.MODEL_STATUS_ACTIVE,
    status_reason="flexura-testcard-image serves it here",
    served_by="flexura-testcard-image",
    is_default=True,
    options_schema_json=SCHEMA,
    prompt_characters_max=10_000,
    timeout_s=3600,
    attempt_timeout_s=120,
)
TONES = jobs_service_pb2.Model(
    model="tones",
    media_type=job_pb2.MEDIA_TYPE_AUDIO,
    status=jobs_service_pb2.MODEL_STATUS_OFFLINE,
    options_schema_json="",
)


async def test_the_catalog_has_every_field_of_the_reference_and_ours(services: Peers) -> None:
    services.jobs.models = [FLUX, TONES]
    async with edge(services) as door, door.client.get("/api/agent/models") as response:
        catalog = await response.json()
    assert response.status == 200
    assert response.content_type == "application/json"
    assert catalog["platform"] == "Flexura"
    search = catalog["capabilities"]["search"]
    assert list(search)[:3] == ["endpoint_url", "method", "description"]
    assert search.pop("input_schema") == document()["components"]["schemas"]["SearchRequest"]
    assert search == {
        "endpoint_url": f"{PUBLIC_URL}/api/search",
        "method": "POST",
        "description": "Search the internet with AI-optimized results",
        "status": "offline",
        "code": "search_unavailable",
        "reason": "no search engine is set up or reachable",
        "engines": [],
        "extract_url": f"{PUBLIC_URL}/api/extract",
    }
    flux, tones = catalog["models"]
    schema = flux.pop("input_schema")
    assert flux == {
        "id": "nvidia-flux",
        "type": "image",
        "endpoint_url": f"{PUBLIC_URL}/api/generate/image",
        "description": "Fast image generation for photorealistic prompts",
        "status": "active",
        "reason": "flexura-testcard-image serves it here",
        "served_by": "flexura-testcard-image",
        "default": True,
        "input": {
            "prompt": "string",
            "options": {"width": "number", "ratio": "number", "style": "string", "tiled": "boolean", "fail": "string"},
        },
        "limits": {"prompt_characters_max": 10_000, "timeout_s": 3600, "attempt_timeout_s": 120},
    }
    assert schema["properties"]["options"]["properties"]["width"]["maximum"] == 2048
    generate = document()["components"]["schemas"]["GenerateRequest"]
    assert schema["properties"].keys() == generate["properties"].keys()
    assert (tones["status"], tones["type"], tones["input"]["options"]) == ("offline", "audio", {})
    assert "served_by" not in tones


async def test_each_engine_is_told_with_its_topics_and_how_it_is(services: Peers) -> None:
    services.search.engines = [
        engine("brave", pb.ENGINE_STATUS_OK, topics=[pb.TOPIC_GENERAL, pb.TOPIC_NEWS]),
        engine("exa", pb.ENGINE_STATUS_COOLING_DOWN, topics=[pb.TOPIC_CODE], reason="it failed lately"),
        engine("wikipedia", topics=[pb.TOPIC_ACADEMIC, 99], is_fallback=True),
    ]
    search = await search_of(services)
    assert search["status"] == "active"
    assert "code" not in search
    assert search["engines"] == [
        {"name": "brave", "status": "ok", "topics": ["general", "news"], "fallback": False},
        {
            "name": "exa",
            "status": "cooling_down",
            "topics": ["code"],
            "fallback": False,
            "reason": "it failed lately",
        },
        {"name": "wikipedia", "status": "unknown", "topics": ["academic"], "fallback": True},
    ]


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([pb.ENGINE_STATUS_UNSPECIFIED], "active"),
        ([pb.ENGINE_STATUS_EMPTY, pb.ENGINE_STATUS_TIMED_OUT], "active"),
        ([pb.ENGINE_STATUS_BLOCKED, pb.ENGINE_STATUS_UNSPECIFIED], "active"),
        ([pb.ENGINE_STATUS_BLOCKED, pb.ENGINE_STATUS_TIMED_OUT], "degraded"),
        ([pb.ENGINE_STATUS_COOLING_DOWN], "degraded"),
    ],
)
async def test_search_is_degraded_while_every_engine_has_failed(
    services: Peers, statuses: list[pb.EngineStatus], status: str
) -> None:
    services.search.engines = [engine(f"engine{number}", last) for number, last in enumerate(statuses)]
    search = await search_of(services)
    assert (search["status"], "reason" in search) == (status, status == "degraded")


async def test_a_search_service_that_is_away_is_told_as_offline(services: Peers) -> None:
    await services.stop("search")
    search = await search_of(services)
    assert (search["status"], search["code"], search["engines"]) == ("offline", "search_unavailable", [])


async def search_of(services: Peers) -> dict[str, Any]:
    async with edge(services) as door, door.client.get("/api/agent/models") as response:
        answer: dict[str, Any] = (await response.json())["capabilities"]["search"]
    return answer


async def test_the_catalog_is_told_on_while_jobs_is_away(services: Peers) -> None:
    services.jobs.models = [FLUX]
    async with edge(services) as door:
        async with door.client.get("/api/agent/models") as response:
            first = await response.read()
        await services.stop("jobs")
        async with door.client.get("/api/agent/models") as response:
            assert (response.status, await response.read()) == (200, first)


async def test_without_jobs_from_the_start_it_is_503_and_there_once_jobs_is(services: Peers) -> None:
    services.jobs.models = [FLUX]
    await services.stop("jobs")
    async with edge(services) as door:
        async with door.client.get("/api/agent/models") as response:
            assert (response.status, (await response.json())["code"]) == (503, "service_unavailable")
        await services.start("jobs")
        await changes_to(door, ["nvidia-flux"])


async def test_a_model_that_appears_is_told_within_seconds(services: Peers) -> None:
    services.jobs.models = [FLUX]
    async with edge(services) as door:
        await changes_to(door, ["nvidia-flux"])
        services.jobs.models = [FLUX, TONES]
        await changes_to(door, ["nvidia-flux", "tones"])


async def test_an_unchanged_catalog_is_not_sent_again(services: Peers) -> None:
    services.jobs.models = [FLUX]
    async with edge(services) as door:
        async with door.client.get("/api/agent/models") as response:
            etag = response.headers["ETag"]
        async with door.client.get("/api/agent/models", headers={"If-None-Match": etag}) as response:
            assert (response.status, await response.read()) == (304, b"")
            assert response.headers["ETag"] == etag


async def changes_to(door: Edge, models: list[str]) -> None:
    async with asyncio.timeout(10):
        while True:
            async with door.client.get("/api/agent/models") as response:
                if [model["id"] for model in (await response.json()).get("models", [])] == models:
                    return
            await asyncio.sleep(0.1)
