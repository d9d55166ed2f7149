"""The settings of the embedded profile; all else is chosen for you."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from flexura_kit.addresses import HTTPURL, PORT_MAX
from flexura_kit.egress import networks
from flexura_kit.setting_fields import MayBeEmpty
from flexura_kit.settings import Group, MetricsSettings, Positive, PublicURL, Settings

MEASURED_PARTS = 6


class WebhookSettings(Group):
    networks: str = ""
    """Networks beside the public internet that webhooks may go to, such as `127.0.0.1/32`; also over http."""

    @field_validator("networks")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        networks(text)
        return text


class SearXNGSettings(Group):
    url: HTTPURL = ""
    """Address of a SearXNG server whose `search.formats` has `json`; empty for none."""


class KeyedEngineSettings(Group):
    key_file: Path | None = None
    """File with the engine's key; without one it is not asked."""
    url: HTTPURL = ""
    """Where it answers, if not at its own address."""


class ReaderSettings(Group):
    networks: str = ""
    """Networks beside the public internet that pages are read from, such as `127.0.0.1/32`."""
    ports: str = ""
    """Ports that pages are read from, if others than those of the web."""

    @field_validator("networks")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        networks(text)
        return text


class LocalMetricsSettings(MetricsSettings):
    @property
    def ports(self) -> list[int]:
        """One for each part that has metrics."""
        port = self.listen.rpartition(":")[2]
        return list(range(int(port), int(port) + MEASURED_PARTS)) if port else []

    @field_validator("listen")
    @classmethod
    def _has_room_above(cls, listen: str) -> str:
        port = listen.rpartition(":")[2]
        if port and not 0 < int(port) <= PORT_MAX - MEASURED_PARTS + 1:
            raise ValueError(
                f"must have a port from 1 to {PORT_MAX - MEASURED_PARTS + 1}: each of the {MEASURED_PARTS} parts"
                " takes the next one"
            )
        return listen


class HomeSettings(Settings):
    home: Path = Path(".flexura")
    """Folder where everything is kept: data, credentials, logs."""


class LocalSettings(Settings):
    metrics: LocalMetricsSettings = LocalMetricsSettings()
    """`host:port` where auth may be scraped; search, jobs, media-worker, edge and webhooks follow on the next ports."""
    webhooks: WebhookSettings = WebhookSettings()
    searxng: SearXNGSettings = SearXNGSettings()
    brave: KeyedEngineSettings = KeyedEngineSettings()
    tavily: KeyedEngineSettings = KeyedEngineSettings()
    exa: KeyedEngineSettings = KeyedEngineSettings()
    reader: ReaderSettings = ReaderSettings()
    keyless: Annotated[str, MayBeEmpty()] = "wikipedia,ddgs"
    """Search engines without a key that step in where no other serves a topic or all others fail; empty for none."""
    searches_of_account_max: Positive = 32
    """Searches of one account at once, pages that are read included; a further one is refused."""
    home: Path = Path(".flexura")
    """Folder where everything is kept: data, credentials, logs."""
    port: Annotated[int, Field(gt=0, le=PORT_MAX)] = 3000
    """Where people and agents reach it, on this machine only."""
    public_url: PublicURL | Literal[""] = ""
    """What clients call it where a proxy with TLS stands before it, such as `https://flexura.example.com`; every link \
in an answer begins with it. Empty for `http://localhost:` and the port."""
    cors_origins: str = ""
    """Origins whose pages may use routes that need a key, separated by commas; `*` for all. Never with cookies."""
    slots: Positive = Field(default_factory=lambda: 2 * (os.cpu_count() or 1))
    """Jobs that the media worker does at once; twice the number of cores where nothing is said."""
    providers: str = "flexura-canvas,flexura-motion,flexura-tones,flexura-testcard"
    """Providers that are set up to run, separated by commas."""
    catalog_file: Path | None = None
    """Your own catalog of models instead of the one that comes along."""
    queued_of_account_max: Positive = 1000
    """Jobs of one account that may be queued; further ones are refused until some have begun."""
    queued_max: Positive = 50_000
    """Jobs of all accounts that may be queued; further ones are refused until some have begun."""
    retention_days: Annotated[float, Field(gt=0, le=36_500)] = 30.0
    """Days that a job and its asset are kept from the job's end."""
    substitution: bool = True
    """Whether a model whose provider is not set up is served by its substitute, which the job then says."""
