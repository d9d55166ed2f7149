"""The search service."""

from collections.abc import Sequence

from grpc.aio import Channel

from flexura.search.v1 import search_service_pb2, search_service_pb2_grpc


class SearchClient:
    def __init__(self, channel: Channel) -> None:
        self._stub = search_service_pb2_grpc.SearchServiceStub(channel)

    async def search(
        self, request: search_service_pb2.SearchRequest, timeout_s: float
    ) -> search_service_pb2.SearchResponse:
        return await self._stub.Search(request, timeout=timeout_s)

    async def read_pages(
        self, request: search_service_pb2.ReadPagesRequest, timeout_s: float
    ) -> search_service_pb2.ReadPagesResponse:
        return await self._stub.ReadPages(request, timeout=timeout_s)

    async def engines(self, timeout_s: float) -> Sequence[search_service_pb2.EngineHealth]:
        response = await self._stub.GetStatus(search_service_pb2.GetStatusRequest(), timeout=timeout_s)
        return response.engine_health
