"""The settings of the search service."""

from flexura_kit.settings import RPCServerSettings, Settings


class SearchSettings(Settings):
    rpc: RPCServerSettings
