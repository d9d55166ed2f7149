"""The search service through its real door."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from flexura.search.v1 import search_service_pb2 as pb
from flexura.search.v1.search_service_pb2_grpc import SearchServiceStub
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.rpc import rpc_channel, rpc_server
from flexura_kit.settings import RPCServerSettings
from flexura_search.rpc import search_service
from flexura_search.service import Search

TIMEOUT_S = 10.0


@pytest_asyncio.fixture
async def stub() -> AsyncIterator[SearchServiceStub]:
    server = rpc_server(RPCServerSettings(listen="127.0.0.1:0"), [search_service(Search())])
    await server.start()
    async with rpc_channel(f"127.0.0.1:{server.port}") as channel:
        yield SearchServiceStub(channel)
    await server.stop()


async def test_search_says_that_no_engine_is_set_up(stub: SearchServiceStub) -> None:
    with pytest.raises(FlexuraError) as refused:
        await stub.Search(pb.SearchRequest(account_id="acc_1", query="otters"), timeout=TIMEOUT_S)

    assert (refused.value.kind, refused.value.reason) == (Kind.BUSY, Reason.SEARCH_UNAVAILABLE)
    assert refused.value.metadata == {"engines": ""}


async def test_search_names_a_wrong_field(stub: SearchServiceStub) -> None:
    with pytest.raises(FlexuraError) as refused:
        await stub.Search(pb.SearchRequest(account_id="acc_1"), timeout=TIMEOUT_S)

    assert refused.value.reason is Reason.INVALID_REQUEST
    assert [violation.field for violation in refused.value.violations] == ["query"]


async def test_get_status_lists_no_engines(stub: SearchServiceStub) -> None:
    answer = await stub.GetStatus(pb.GetStatusRequest(), timeout=TIMEOUT_S)

    assert list(answer.engines) == []
