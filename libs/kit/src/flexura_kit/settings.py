"""Settings from the environment: read once, frozen, unknown names refused."""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, DirectoryPath, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from flexura_kit.addresses import BucketName, ListenAddress, NATSServers, RPCAddress, S3Endpoint
from flexura_kit.database_url import DatabaseURL
from flexura_kit.nearest import nearest_name
from flexura_kit.startup import SettingsError

PREFIX = "FLEXURA_"

LISTED = "docs/operations.md lists every setting"

# It stands in headers and in front of paths.
PUBLIC_URL = re.compile(r"[^?#\\\"<>^`{}|\x00-\x20\x7f-\U0010ffff]+")

Positive = Annotated[int, Field(gt=0)]
GraceSeconds = Annotated[float, Field(ge=0, le=86_400)]
TimeoutSeconds = Annotated[float, Field(gt=0, le=86_400)]


def public_url(text: str) -> str:
    """The address that clients call, without the slash at its end; raises ValueError where it is none."""
    parts = urlsplit(text)
    is_whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    if not is_whole or "@" in parts.netloc or parts.netloc[-1:] == ":" or not PUBLIC_URL.fullmatch(text):
        raise ValueError(
            "must be the address that clients call, such as https://flexura.example.com or"
            " https://example.com/flexura, in ASCII and without a name, a query or a fragment"
        )
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
    listen: ListenAddress = ""
    """`host:port` where Prometheus may scrape `/metrics`; empty means nowhere."""


class RPCServerSettings(Group):
    listen: RPCAddress
    """`unix:/path.sock`, or `host:port`, where the gRPC server listens."""
    concurrency_max: Positive = 512
    """Calls at once; a further one is answered RESOURCE_EXHAUSTED."""
    grace_s: GraceSeconds = 10.0
    """Seconds that calls under way have on shutdown."""
    connection_age_s: Positive = 90
    """Seconds after which a client is asked to connect anew, so that it finds new replicas."""
    deadline_max_s: TimeoutSeconds = 30.0
    """Seconds that a call may take at most, also where the caller allows more or says nothing."""
    ping_interval_min_ms: Positive = 30_000
    """Milliseconds between two pings of an idle client; one that pings more often is cut off."""
    reflection: bool = True
    """Whether `buf curl` and its like may ask which services there are."""


class DatabaseSettings(Group):
    url: DatabaseURL
    """`sqlite:////absolute/file.db`, or `postgresql://user@host:port/name`, with libpq's parameters such as \
`?sslmode=verify-full&sslrootcert=/ca.pem`."""
    password_file: Path | None = None
    """File with the database password, where the URL has none."""
    pool_size: Positive = 8
    """Connections at most for reading, and as many again for writing (SQLite writes on one)."""
    statement_timeout_s: TimeoutSeconds = 10.0
    """Seconds that one statement may take."""
    lock_timeout_s: TimeoutSeconds = 5.0
    """Seconds that one statement waits for a lock."""


class BusSettings(Group):
    url: NATSServers = "nats://127.0.0.1:4222"
    """Servers of NATS, separated by commas."""
    user: str = ""
    """User name; empty for none."""
    password_file: Path | None = None
    """File with the password."""


class BlobSettings(Group):
    endpoint: S3Endpoint = "127.0.0.1:9000"
    """`host:port` of the S3 server."""
    secure: bool = False
    """Whether it speaks TLS."""
    ca_file: Path | None = None
    """File with the certificates (PEM) that its own must come from; those of the system without."""
    certificate_file: Path | None = None
    """File with our certificate and its private key (PEM), where it asks for one."""
    sync_dir: DirectoryPath | None = None
    """Data folder of a SeaweedFS on this machine, whose files are written to disk before an upload counts."""
    region: str = "us-east-1"
    """Region to sign for; naming it saves a call before each first signature."""
    bucket: BucketName = "flexura-assets"
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
    try:
        return read(settings_type)
    except SettingsError as error:
        sys.exit(str(error))


def read(settings_type: type[SettingsT]) -> SettingsT:
    """Reads the settings; raises SettingsError with a line for each variable that is wrong."""
    known = list(variable_names(settings_type))
    problems = [unknown_variable(name, known) for name in os.environ if name.startswith(PREFIX) and name not in known]
    if problems:
        raise SettingsError("\n".join(problems))
    try:
        settings = settings_type()
    except ValidationError as error:
        raise SettingsError("\n".join(wrong_values(settings_type, error))) from None
    problems = [f"{name}: {why}" for name, file in named_files(settings) if (why := file_fault(file))]
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def variable_names(settings_type: type[BaseSettings]) -> Iterator[str]:
    """Names every variable that the settings know."""
    for name, field in settings_type.model_fields.items():
        group = group_of(field.annotation)
        if group is not None:
            yield from (f"{PREFIX}{name}_{inner}".upper() for inner in group.model_fields)
        else:
            yield f"{PREFIX}{name}".upper()


def unknown_variable(name: str, known: Sequence[str]) -> str:
    # Compared without what all have in common, which would make any two alike.
    by_end = {one.removeprefix(PREFIX): one for one in known}
    end = name.removeprefix(PREFIX)
    # The name of a group alone is far from all names in it.
    nearest = next((one for one in by_end if one.startswith(f"{end}_")), None) or nearest_name(end, by_end)
    hint = f"the nearest is {by_end[nearest]}" if nearest else LISTED
    return f"{name} is no setting of this service; {hint}"


def wrong_values(settings_type: type[BaseSettings], error: ValidationError) -> Iterator[str]:
    """One line for all that is missing, and one for each value that is wrong."""
    errors = error.errors()
    missing = [name for one in errors if one["type"] == "missing" for name in missing_at(settings_type, one["loc"])]
    if missing:
        yield f"{' and '.join(missing)} must be set; {LISTED}, and `make run` chooses them all for one machine"
    # A variable that may be one of several kinds of value has a complaint of each; the first is of the usual kind.
    wrong = {variable_at(settings_type, one["loc"]): one["msg"] for one in reversed(errors) if one["type"] != "missing"}
    for name, message in reversed(wrong.items()):
        yield f"{name}: {message.removeprefix('Value error, ')}"


def variable_at(settings_type: type[BaseSettings], location: tuple[int | str, ...]) -> str:
    """Names the variable that a place in the settings is read from; items of a list have none of their own."""
    field = settings_type.model_fields.get(str(location[0]))
    depth = 2 if field is not None and group_of(field.annotation) else 1
    return "_".join([PREFIX.rstrip("_"), *map(str, location[:depth])]).upper()


def missing_at(settings_type: type[BaseSettings], location: tuple[int | str, ...]) -> list[str]:
    """Names the variables without which something is missing: those of a group that need a value, where it is one."""
    field = settings_type.model_fields.get(str(location[0]))
    group = group_of(field.annotation) if field is not None else None
    if group is None or len(location) > 1:
        return [variable_at(settings_type, location)]
    needed = [name for name, inner in group.model_fields.items() if inner.is_required()]
    return [variable_at(settings_type, (*location, name)) for name in needed]


def group_of(annotation: object) -> type[Group] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, Group) else None


def named_files(settings: BaseModel, prefix: str = PREFIX) -> Iterator[tuple[str, Path]]:
    """Each file that the settings name, with the name of its variable."""
    for name, value in settings:
        if isinstance(value, Group):
            yield from named_files(value, f"{prefix}{name}_".upper())
        elif isinstance(value, Path) and name.endswith("_file"):
            yield f"{prefix}{name}".upper(), value


def file_fault(file: Path) -> str | None:
    """Says why there is nothing to be read in the file; None where there is."""
    try:
        content = file.read_text(encoding="utf-8")
    except OSError as error:
        return f"the file {file} cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        return f"the file {file} cannot be read: it is no text"
    return None if content.strip() else f"the file {file} is empty"


def secret(file: Path | None) -> str:
    """Reads a secret from its file; empty where none is named."""
    if file is None:
        return ""
    if fault := file_fault(file):
        raise SettingsError(fault)
    return file.read_text(encoding="utf-8").strip()
