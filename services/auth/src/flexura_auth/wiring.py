"""Everything the auth service is made of, in the order it starts."""

from pathlib import Path

from flexura_auth.models import Row
from flexura_auth.rpc import auth_service
from flexura_auth.service.auth import Auth
from flexura_auth.settings import AuthSettings
from flexura_auth.store import SQLKeyStore
from flexura_auth.wakeups import NATSWakeups
from flexura_kit.bus import bus
from flexura_kit.clock import steady
from flexura_kit.db import DatabaseClock, DatabaseWatch, database, migrate
from flexura_kit.lifecycle import Lifecycle
from flexura_kit.rpc import rpc_server

SERVICE = "auth"
MIGRATIONS = Path(__file__).with_name("migrations")


async def build(settings: AuthSettings, life: Lifecycle) -> None:
    data = await life.enter(database(settings.database, SERVICE))
    await migrate(data, SERVICE, MIGRATIONS)
    connection = await life.enter(bus(settings.nats, SERVICE))
    wakeups = NATSWakeups(connection)
    clock = DatabaseClock(data)
    await clock.start()
    auth = Auth(SQLKeyStore(data), wakeups, steady.now)
    watch = DatabaseWatch(data, Row.metadata.tables)

    life.run("clock", clock.run)
    life.run("watch-database", watch.run)
    life.ready_checks["database"] = watch.why_not_ready
    life.impaired_checks["database"] = watch.why_impaired
    life.impaired_checks["nats"] = connection.trouble
    life.serve(rpc_server(settings.rpc, [auth_service(auth)]))
