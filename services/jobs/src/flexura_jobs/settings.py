"""The settings of the jobs service."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from flexura_kit.egress import networks
from flexura_kit.settings import (
    BlobSettings,
    BusSettings,
    DatabaseSettings,
    GraceSeconds,
    Group,
    Positive,
    PublicURL,
    RPCServerSettings,
    Settings,
)

Days = Annotated[float, Field(gt=0, le=36_500)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


class WebhookSettings(Group):
    key_file: Path | None = None
    """File with the keys under which signing secrets are kept: 32 bytes in base64 a line, the first one seals."""
    networks: str = ""
    """Networks beside the public internet that webhooks may go to, such as `10.1.0.0/16,fd00::/8`; also over http."""

    @field_validator("networks")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        networks(text)
        return text


class JobsSettings(Settings):
    rpc: RPCServerSettings
    database: DatabaseSettings
    nats: BusSettings = BusSettings()
    s3: BlobSettings = BlobSettings()
    webhooks: WebhookSettings = WebhookSettings()

    catalog_file: Path | None = None
    """File with the catalog of models; the packaged one where none is named."""
    providers: Annotated[tuple[str, ...], NoDecode] = ()
    """Providers that this deployment is set up to run, separated by commas."""
    substitution: bool = False
    """Whether a model whose provider is not set up may be served by its substitute."""

    lease_s: Seconds = 15.0
    """Seconds that a lease lasts from its last renewal; shorter than the stream's 30 s for an acknowledgement."""
    renew_s: Seconds = 4.0
    """Seconds between two renewals of a worker's leases."""
    announce_s: Seconds = 5.0
    """Seconds between two announcements of a worker."""
    worker_gone_s: Seconds = 30.0
    """Seconds without an announcement after which a worker counts as gone."""
    attempts_max: Positive = 3
    """Attempts that may fail before a job does."""
    worker_faults_max: Positive = 20
    """Faults of workers that cost a job no attempt; from the next one on each counts as a failed attempt."""
    queued_of_account_max: Positive = 1000
    """Jobs of one account that may be queued; further ones are refused with 429 until some have begun."""
    queued_max: Positive = 50_000
    """Jobs of all accounts that may be queued; further ones are refused with 503 until some have begun."""
    stream_replicas: Annotated[int, Field(ge=1, le=5)] = 1
    """Servers of NATS that keep the stream of hints."""

    retention_days: Days = 30.0
    """Days that a job and its asset are kept from the job's end."""
    tombstone_days: Annotated[float, Field(ge=1, le=36_500)] = 30.0
    """Days that a removed job is answered with 410 before it is unknown; an `Idempotency-Key` stands for it for one."""
    asset_audit_s: Seconds = 60.0
    """Seconds between two looks whether the assets of completed jobs still lie in the object store."""
    asset_audit_jobs: Positive = 20
    """Completed jobs that one such look takes at most: some from all times alike, the latest, and lost ones."""
    event_days: Days = 1.0
    """Days that a change of a job's state can be asked for in the event feed."""

    @field_validator("providers", mode="before")
    @classmethod
    def split_at_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value


class WebhooksSettings(Settings):
    """The process that sends webhooks: `python -m flexura_jobs.webhooks`."""

    database: DatabaseSettings
    webhooks: WebhookSettings = WebhookSettings()

    public_url: PublicURL = "http://localhost:3000"
    """What clients call this installation; the links in messages begin with it."""
    in_flight_max: Positive = 128
    """Messages that are sent at once."""
    grace_s: GraceSeconds = 16.0
    """Seconds that messages under way have on shutdown; those cut off are sent again."""
