"""The settings of the search service."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from flexura_kit.addresses import HTTPURL, is_port
from flexura_kit.egress import networks
from flexura_kit.nearest import unknown_names
from flexura_kit.setting_fields import MayBeEmpty
from flexura_kit.settings import BusSettings, Group, Positive, RPCServerSettings, Settings

KEYLESS = ("wikipedia", "ddgs")


class SearXNGSettings(Group):
    url: HTTPURL = ""
    """Address of a SearXNG server whose `search.formats` has `json`; empty for none."""


class BraveSettings(Group):
    key_file: Path | None = None
    """File with the key of Brave Search; without one it is not asked."""
    url: HTTPURL = "https://api.search.brave.com"
    """Where Brave Search answers."""


class TavilySettings(Group):
    key_file: Path | None = None
    """File with the key of Tavily; without one it is not asked."""
    url: HTTPURL = "https://api.tavily.com"
    """Where Tavily answers."""


class ExaSettings(Group):
    key_file: Path | None = None
    """File with the key of Exa; without one it is not asked."""
    url: HTTPURL = "https://api.exa.ai"
    """Where Exa answers."""


class WikipediaSettings(Group):
    url: HTTPURL = "https://{language}.wikipedia.org"
    """Where Wikipedia answers; `{language}` stands for the language of the search."""


class ReaderSettings(Group):
    workers: Positive = 2
    """Processes that parse pages."""
    contact: str = "https://github.com/flexura/flexura"
    """Address that sites find in the reader's user agent: who runs it, and how to reach them."""
    ports: str = "80,443,8080,8443"
    """Ports that pages are read from."""
    networks: str = ""
    """Networks beside the public internet that pages are read from, such as `10.1.0.0/16`."""

    @field_validator("networks")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        networks(text)
        return text

    @field_validator("ports")
    @classmethod
    def _are_ports(cls, text: str) -> str:
        ports(text)
        return text


class CacheSettings(Group):
    characters_max: Positive = 32 << 20
    """Characters that answers may have which this process keeps."""
    bytes_max: Positive = 256 << 20
    """Bytes that answers may have which all replicas share in NATS."""
    replicas: Annotated[int, Field(ge=1, le=5)] = 1
    """Servers of NATS that keep them."""


class SearchSettings(Settings):
    rpc: RPCServerSettings
    nats: BusSettings = BusSettings()
    searxng: SearXNGSettings = SearXNGSettings()
    brave: BraveSettings = BraveSettings()
    tavily: TavilySettings = TavilySettings()
    exa: ExaSettings = ExaSettings()
    wikipedia: WikipediaSettings = WikipediaSettings()
    reader: ReaderSettings = ReaderSettings()
    cache: CacheSettings = CacheSettings()

    keyless: Annotated[str, MayBeEmpty()] = ",".join(KEYLESS)
    """Engines without a key that step in where no other serves a topic or all others fail, separated by commas; \
empty for none."""
    continuation_key_file: Path | None = None
    """File with the secret that signs `continue`, the same for all replicas; without one each process makes its own."""
    searches_of_account_max: Positive = 32
    """Searches of one account at once, pages that are read included; a further one is refused with 429."""
    searches_max: Positive = 256
    """Searches of all accounts at once; a further one is refused with 503."""

    @field_validator("keyless")
    @classmethod
    def _are_known(cls, text: str) -> str:
        unknown = unknown_names(listed(text), KEYLESS)
        if unknown:
            raise ValueError(f"no engine without a key is named {unknown}")
        return text


def listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def ports(text: str) -> tuple[int, ...]:
    """Reads `80,443`; raises ValueError where a part is no port."""
    numbers = listed(text)
    if not numbers or not all(map(is_port, numbers)):
        raise ValueError("must be ports separated by commas, such as 80,443")
    return tuple(map(int, numbers))
