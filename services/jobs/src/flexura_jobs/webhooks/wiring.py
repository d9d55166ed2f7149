"""Everything that sending webhooks is made of, in the order it starts."""

from flexura_jobs.models import Row
from flexura_jobs.settings import WebhooksSettings
from flexura_jobs.store import SQLOutbox, Writer
from flexura_jobs.vault import Vault
from flexura_jobs.webhooks.deliverer import LEASE, Deliverer
from flexura_jobs.webhooks.post import http_post
from flexura_jobs.wiring import MIGRATIONS, SERVICE, keep_time, vault_of
from flexura_kit.clock import utc_now
from flexura_kit.db import DatabaseWatch, database, migrate, transactions
from flexura_kit.egress import networks
from flexura_kit.lifecycle import Lifecycle
from flexura_kit.startup import SettingsError


async def build(settings: WebhooksSettings, life: Lifecycle) -> None:
    secrets = needed_vault(settings)
    db = await life.enter(database(settings.database, SERVICE))
    await migrate(db, SERVICE, MIGRATIONS)
    await keep_time(db, life)
    tx = await life.enter(transactions(settings.database, db))
    writer = Writer(tx)
    post = await life.enter(http_post(networks(settings.webhooks.networks), settings.in_flight_max))
    deliverer = Deliverer(
        SQLOutbox(tx, writer, LEASE), post, secrets, utc_now, settings.public_url, settings.in_flight_max
    )
    watch = DatabaseWatch(db, Row.metadata.tables)

    life.run("write", writer.run)
    life.run("deliver", deliverer.run)
    life.run("sweep", deliverer.sweep)
    life.run("watch-database", watch.run)
    life.ready_checks["database"] = watch.why_not_ready
    life.impaired_checks["database"] = watch.why_impaired
    life.serve(Draining(deliverer, settings.grace_s))


def needed_vault(settings: WebhooksSettings) -> Vault:
    vault = vault_of(settings.webhooks)
    if vault is None:
        raise SettingsError("FLEXURA_WEBHOOKS_KEY_FILE must name the file under whose keys jobs seals the secrets")
    return vault


class Draining:
    """Stops before the loops do, so that what is being sent is still recorded."""

    def __init__(self, deliverer: Deliverer, grace_s: float) -> None:
        self._deliverer = deliverer
        self._grace_s = grace_s

    async def start(self) -> None:
        """The loop has begun by itself."""

    async def stop(self) -> None:
        await self._deliverer.drain(self._grace_s)
