"""The gRPC door: a message in, one use case, a message out."""

from flexura_search.rpc.search import SearchServicer, search_service

__all__ = ["SearchServicer", "search_service"]
