"""The settings of the auth service."""

from flexura_kit.settings import BusSettings, DatabaseSettings, RPCServerSettings, Settings


class AuthSettings(Settings):
    rpc: RPCServerSettings
    database: DatabaseSettings
    nats: BusSettings = BusSettings()
