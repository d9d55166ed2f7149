"""Settings from the environment: read once, frozen, unknown names refused."""

import difflib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "FLEXURA_"

Positive = Annotated[int, Field(gt=0)]


def public_url(text: str) -> str:
    """The address that clients call, without the slash at its end; raises ValueError where it is none."""
    parts = urlsplit(text)
    is_whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    if not is_whole or "@" in parts.netloc or parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise ValueError("must be the address that clients call, such as https://flexura.example.com")
    return text.rstrip("/")


PublicURL = Annotated[str, AfterValidator(public_url)]


class Group(BaseModel):
    """Settings that belong together; a service has a group as a field whose name is one word."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class LogSettings(Group):
    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is written."""
    format: Literal["auto", "json", "columns"] = "auto"
    """`auto` is columns on a terminal and JSON elsewhere."""


class MetricsSettings(Group):
    listen: str = ""
    """`host:port` where Prometheus may scrape `/metrics`; empty means nowhere."""


class RPCServerSettings(Group):
    listen: str
    """`unix:/path.sock`, or `host:port`, where the gRPC server listens."""
    concurrency_max: Positive = 512
    """Calls at once; a further one is answered RESOURCE_EXHAUSTED."""
    grace_s: float = 10.0
    """Seconds that calls under way have on shutdown."""
    connection_age_s: Positive = 90
    """Seconds after which a client is asked to connect anew, so that it finds new replicas."""
    deadline_max_s: float = 30.0
    """Seconds that a call may take at most, also where the caller allows more or says nothing."""
    ping_interval_min_ms: Positive = 30_000
    """Milliseconds between two pings of an idle client; one that pings more often is cut off."""
    reflection: bool = True
    """Whether `buf curl` and its like may ask which services there are."""


class DatabaseSettings(Group):
    url: str
    """`sqlite:////absolute/file.db`, or `postgresql://user@host:port/name`."""
    password_file: Path | None = None
    """File with the database password, where the URL has none."""
    pool_size: Positive = 8
    """Connections at most for reading, and as many again for writing (SQLite writes on one)."""
    statement_timeout_s: float = 10.0
    """Seconds that one statement may take."""
    lock_timeout_s: float = 5.0
    """Seconds that one statement waits for a lock."""


class BusSettings(Group):
    url: str = "nats://127.0.0.1:4222"
    """Servers of NATS, separated by commas."""
    user: str = ""
    """User name; empty for none."""
    password_file: Path | None = None
    """File with the password."""


class BlobSettings(Group):
    endpoint: str = "127.0.0.1:9000"
    """`host:port` of the S3 server."""
    secure: bool = False
    """Whether it speaks TLS."""
    ca_file: Path | None = None
    """File with the certificates (PEM) that its own must come from; those of the system without."""
    certificate_file: Path | None = None
    """File with our certificate and its private key (PEM), where it asks for one."""
    region: str = "us-east-1"
    """Region to sign for; naming it saves a call before each first signature."""
    bucket: str = "flexura-assets"
    """Bucket of the assets."""
    access_key_file: Path | None = None
    """File with the access key."""
    secret_key_file: Path | None = None
    """File with the secret key."""


class Settings(BaseSettings):
    """Common ground of every service's settings; `FLEXURA_NATS_URL` is `settings.nats.url`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        case_sensitive=False,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )

    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()


SettingsT = TypeVar("SettingsT", bound=Settings)


def load(settings_type: type[SettingsT]) -> SettingsT:
    """Reads the settings, or stops the process with the name of the variable that is wrong."""
    known = set(variable_names(settings_type))
    problems = [unknown_variable(name, known) for name in os.environ if name.startswith(PREFIX) and name not in known]
    if problems:
        sys.exit("\n".join(problems))
    try:
        return settings_type()
    except ValidationError as error:
        sys.exit("\n".join(wrong_variable(list(map(str, e["loc"])), e["msg"]) for e in error.errors()))


class SecretFileError(Exception):
    """A file with a secret cannot be read, or says nothing."""

    def __init__(self, file: Path, why: str) -> None:
        self.file = file
        super().__init__(f"the file {file} {why}")


def variable_names(settings_type: type[BaseSettings]) -> Iterator[str]:
    """Names every variable that the settings know."""
    for name, field in settings_type.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, Group):
            yield from (f"{PREFIX}{name}_{inner}".upper() for inner in group.model_fields)
        else:
            yield f"{PREFIX}{name}".upper()


def unknown_variable(name: str, known: set[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)
    return f"{name} is no setting of this service; the nearest is {nearest[0]}"


def wrong_variable(location: list[str], message: str) -> str:
    return f"{PREFIX}{'_'.join(location).upper()}: {message}"


def secret(file: Path | None) -> str:
    """Reads a secret from its file; empty where none is named."""
    if file is None:
        return ""
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SecretFileError(file, f"cannot be read: {why}") from error
    if not text:
        raise SecretFileError(file, "is empty")
    return text
