"""The gRPC door: a message in, one use case, a message out."""

from typing import Any

from grpc.aio import ServicerContext

from flexura.search.v1 import search_service_pb2 as pb
from flexura.search.v1 import search_service_pb2_grpc
from flexura_kit.ids import AccountId
from flexura_kit.rpc import Service
from flexura_search.service import Search

Context = ServicerContext[Any, Any]


class SearchServicer(search_service_pb2_grpc.SearchServiceServicer):
    def __init__(self, search: Search) -> None:
        self._search = search

    async def Search(self, request: pb.SearchRequest, _context: Context) -> pb.SearchResponse:
        self._search.search(AccountId(request.account_id), request.query, request.max_results)

    async def GetStatus(self, _request: pb.GetStatusRequest, _context: Context) -> pb.GetStatusResponse:
        return pb.GetStatusResponse(engines=self._search.engines)


def search_service(search: Search) -> Service:
    descriptor = pb.DESCRIPTOR.services_by_name["SearchService"]
    return Service(descriptor, search_service_pb2_grpc.add_SearchServiceServicer_to_server, SearchServicer(search))
