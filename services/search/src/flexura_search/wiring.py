"""Everything the search service is made of, in the order it starts."""

from flexura_kit.lifecycle import Lifecycle
from flexura_kit.rpc import rpc_server
from flexura_search.rpc import search_service
from flexura_search.service import Search
from flexura_search.settings import SearchSettings


async def build(settings: SearchSettings, life: Lifecycle) -> None:
    life.serve(rpc_server(settings.rpc, [search_service(Search())]))
