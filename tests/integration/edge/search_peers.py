"""A small search service that answers what it is told to, for the edge."""

# ruff: noqa: ARG002 - the generated base class says which arguments there are.

import asyncio
from dataclasses import dataclass, field

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from flexura.errors.v1 import error_pb2
from flexura.search.v1 import search_service_pb2 as pb
from flexura.search.v1 import search_service_pb2_grpc
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.rpc import Service, error_to_message

NOON = Timestamp(seconds=1_775_044_800, nanos=123_000_000)
NOT_FOUND = FlexuraError(Kind.NOT_FOUND, Reason.PAGE_NOT_FOUND, "there is no such page", url="https://found.example")
Context = grpc.aio.ServicerContext


@dataclass
class ScriptedSearch(search_service_pb2_grpc.SearchServiceServicer):
    engines: list[pb.EngineHealth] = field(default_factory=list)
    found: pb.SearchResponse = field(default_factory=pb.SearchResponse)
    """Answered with the queries of the request, where it has none of its own."""
    read: pb.ReadPagesResponse = field(default_factory=pb.ReadPagesResponse)
    refusal: FlexuraError | None = None
    gate: asyncio.Event | None = None
    """While set and not open, answers wait."""
    searches: list[pb.SearchRequest] = field(default_factory=list)
    readings: list[pb.ReadPagesRequest] = field(default_factory=list)
    allowed_s: list[float] = field(default_factory=list)
    """How long each call was given."""

    def service(self) -> Service:
        add = search_service_pb2_grpc.add_SearchServiceServicer_to_server
        return Service(pb.DESCRIPTOR.services_by_name["SearchService"], add, self)

    async def Search(self, request: pb.SearchRequest, context: Context) -> pb.SearchResponse:
        self.searches.append(request)
        await self._hold(context)
        if not self.engines:
            raise FlexuraError(Kind.BUSY, Reason.SEARCH_UNAVAILABLE, "no search engine is set up", engines="")
        response = pb.SearchResponse()
        response.CopyFrom(self.found)
        if not response.queries:
            response.queries.extend([request.query, *request.further_queries])
        return response

    async def ReadPages(self, request: pb.ReadPagesRequest, context: Context) -> pb.ReadPagesResponse:
        self.readings.append(request)
        await self._hold(context)
        return self.read

    async def GetStatus(self, request: pb.GetStatusRequest, context: Context) -> pb.GetStatusResponse:
        return pb.GetStatusResponse(engines=[one.engine for one in self.engines], engine_health=self.engines)

    async def _hold(self, context: Context) -> None:
        self.allowed_s.append(context.time_remaining())
        if self.gate is not None:
            await self.gate.wait()
        if self.refusal is not None:
            raise self.refusal


def engine(name: str, last_status: pb.EngineStatus = pb.ENGINE_STATUS_UNSPECIFIED, **fields: object) -> pb.EngineHealth:
    return pb.EngineHealth(engine=name, last_status=last_status, **fields)


def passage() -> pb.Passage:
    return pb.Passage(text="They hold hands while they sleep.", start=412, end=445, score=0.5)


def unread() -> error_pb2.Error:
    return error_to_message(NOT_FOUND)


def whole_answer() -> pb.SearchResponse:
    """One with all that there can be: a result in full, one that was not read, one that goes on, and images."""
    sources = [pb.Source(engine="brave", rank=1), pb.Source(engine="searxng", rank=2)]
    read = pb.SearchResult(
        title="Otters",
        url="https://found.example/otters",
        snippet="Otters swim in cold rivers.",
        highlights=[passage()],
        content="# Otters",
        score=0.98360655,
        publish_time=NOON,
        author="A. Lutra",
        favicon="https://found.example/favicon.ico",
        image="https://found.example/otter.png",
        sources=sources,
        est_tokens=260,
    )
    gone = pb.SearchResult(title="Gone", url="https://found.example/gone", sources=sources[:1], read_error=unread())
    rest = pb.SearchResult(title="Rest", url="https://found.example/rest", is_continued=True, content_start=4096)
    large = pb.ImageResult(
        url="https://found.example/large.png",
        thumbnail_url="https://found.example/small.png",
        title="An otter",
        page_url="https://found.example/otters",
        width=1024,
        height=768,
        sources=sources,
    )
    return pb.SearchResponse(
        results=[read, gone, rest],
        images=[large, pb.ImageResult(url="https://found.example/some.png")],
        truncated=True,
        available_tokens=4100,
        continuation="kV3x1rQm",
        degraded=True,
        provider_trace=[
            pb.EngineTrace(engine="brave", status=pb.ENGINE_STATUS_OK, took_ms=312, results=3),
            pb.EngineTrace(engine="exa", status=pb.ENGINE_STATUS_COOLING_DOWN, reason="it failed lately"),
        ],
        is_cached=True,
        est_tokens=610,
    )


def whole_reading() -> pb.ReadPagesResponse:
    """A page in full, and one that was not read."""
    page = pb.Page(
        url="https://found.example/otters",
        final_url="https://www.found.example/otters",
        title="Otters",
        author="A. Lutra",
        publish_time=NOON,
        site="Found",
        language="en",
        content_type="text/html",
        content="# Otters",
        highlights=[passage()],
        links=["https://found.example/rivers"],
        est_tokens=260,
        is_continued=True,
        content_start=4096,
    )
    gone = pb.Page(url="https://found.example/gone", error=unread())
    return pb.ReadPagesResponse(
        pages=[page, gone], truncated=True, available_tokens=900, continuation="kV3x1rQm", est_tokens=480
    )
