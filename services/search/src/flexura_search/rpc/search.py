"""The door for searches and pages: the edge and internal services."""

from typing import Any

from grpc.aio import ServicerContext

from flexura.search.v1 import search_service_pb2 as pb
from flexura.search.v1 import search_service_pb2_grpc
from flexura_kit.rpc import Service
from flexura_search.rpc.answers import health_to_message, read_response, search_response
from flexura_search.rpc.requests import asked_of, asked_pages_of
from flexura_search.service.reading import PageReadings
from flexura_search.service.searches import Searches

Context = ServicerContext[Any, Any]


class SearchServicer(search_service_pb2_grpc.SearchServiceServicer):
    def __init__(self, searches: Searches, readings: PageReadings) -> None:
        self._searches = searches
        self._readings = readings

    async def Search(self, request: pb.SearchRequest, _context: Context) -> pb.SearchResponse:
        return search_response(await self._searches.search(asked_of(request)))

    async def ReadPages(self, request: pb.ReadPagesRequest, _context: Context) -> pb.ReadPagesResponse:
        return read_response(await self._readings.read(asked_pages_of(request)))

    async def GetStatus(self, _request: pb.GetStatusRequest, _context: Context) -> pb.GetStatusResponse:
        health = self._searches.health()
        return pb.GetStatusResponse(
            engines=[one.engine.name for one in health], engine_health=map(health_to_message, health)
        )


def search_service(searches: Searches, readings: PageReadings) -> Service:
    descriptor = pb.DESCRIPTOR.services_by_name["SearchService"]
    servicer = SearchServicer(searches, readings)
    return Service(descriptor, search_service_pb2_grpc.add_SearchServiceServicer_to_server, servicer)
