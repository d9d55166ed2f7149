"""Settings from the environment: read once, frozen, unknown names refused."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from flexura_kit.addresses import BucketName, ListenAddress, NATSServers, RPCAddress, S3Endpoint
from flexura_kit.database_url import DatabaseURL
from flexura_kit.setting_errors import (
    LISTED,
    PREFIX,
    empty_value,
    file_fault,
    unknown_variable,
    wrong_file,
    wrong_value,
)
from flexura_kit.setting_fields import is_missed, keeps_empty, with_home_folder
from flexura_kit.startup import SettingsError

# It stands in headers and in front of paths.
PUBLIC_URL = re.compile(r"[^?#\\\"<>^`{}|\x00-\x20\x7f-\U0010ffff]+")

Positive = Annotated[int, Field(gt=0)]
GraceSeconds = Annotated[float, Field(ge=0, le=86_400)]
TimeoutSeconds = Annotated[float, Field(gt=0, le=86_400)]


def public_url(text: str) -> str:
    """The address that clients call, without the slash at its end; raises ValueError where it is none."""
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        is_whole = is_whole and "@" not in parts.netloc and parts.netloc[-1:] != ":"
    except ValueError:
        is_whole = False
    if not is_whole or not PUBLIC_URL.fullmatch(text):
        raise ValueError(
            "must be the address that clients call, such as https://flexura.example.com or"
            " https://example.com/flexura, in ASCII and without a name, a query or a fragment"
        )
    return text.rstrip("/")


def existing_folder(folder: Path) -> Path:
    try:
        is_there = folder.is_dir()
    except OSError:
        is_there = False  # Such as a name that is too long.
    if not is_there:
        raise ValueError("must be a folder that is there")
    return folder


ExistingFolder = Annotated[Path, AfterValidator(existing_folder)]
PublicURL = Annotated[str, AfterValidator(public_url)]


class Group(BaseModel):
    """Settings that belong together; a service has a group as a field whose name is one word."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _with_home_folder(cls, value: Any, info: ValidationInfo) -> Any:
        return with_home_folder(value, cls.model_fields.get(info.field_name or ""))


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
    sync_dir: ExistingFolder | None = None
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

    @field_validator("*", mode="before")
    @classmethod
    def _with_home_folder(cls, value: Any, info: ValidationInfo) -> Any:
        return with_home_folder(value, cls.model_fields.get(info.field_name or ""))

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, Environment(settings_cls)


class Environment(EnvSettingsSource):
    """The variables that are being read; an empty one is not set where its default means nothing, too."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        fields = variables(self.settings_cls)
        given = {name.upper(): value for name, value in variables_read.get(os.environ).items()}
        return {
            name.lower(): value
            for name, value in given.items()
            if value or name not in fields or keeps_empty(fields[name])
        }


variables_read: ContextVar[Mapping[str, str]] = ContextVar("variables_read")

SettingsT = TypeVar("SettingsT", bound=Settings)


def load(settings_type: type[SettingsT]) -> SettingsT:
    """Reads the settings, or stops the process with the name of the variable that is wrong."""
    try:
        return read(settings_type)
    except SettingsError as error:
        sys.exit(str(error))


def read(settings_type: type[SettingsT], environment: Mapping[str, str] = os.environ) -> SettingsT:
    """Reads the settings; raises SettingsError with a line for each variable that is wrong."""
    given = {name.upper(): value for name, value in environment.items() if name.upper().startswith(PREFIX)}
    fields = variables(settings_type)
    problems = [unknown_variable(name, list(fields)) for name in given if name not in fields]
    problems += [empty_value(name, fields[name]) for name, value in given.items() if is_missed(fields.get(name), value)]
    if problems:
        raise SettingsError("\n".join(problems))
    reading = variables_read.set(given)
    try:
        settings = settings_type()
    except ValidationError as error:
        raise SettingsError("\n".join(wrong_values(settings_type, error, given))) from None
    finally:
        variables_read.reset(reading)
    problems = [wrong_file(name, file, why) for name, file in named_files(settings) if (why := file_fault(file))]
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def variables(settings_type: type[BaseSettings]) -> dict[str, FieldInfo]:
    """Every variable that the settings know, with its field."""
    found: dict[str, FieldInfo] = {}
    for name, field in settings_type.model_fields.items():
        group = group_of(field.annotation)
        if group is not None:
            found |= {f"{PREFIX}{name}_{inner}".upper(): one for inner, one in group.model_fields.items()}
        else:
            found[f"{PREFIX}{name}".upper()] = field
    return found


def variable_names(settings_type: type[BaseSettings]) -> Iterator[str]:
    """Names every variable that the settings know."""
    yield from variables(settings_type)


def wrong_values(settings_type: type[BaseSettings], error: ValidationError, given: Mapping[str, str]) -> Iterator[str]:
    """One line for all that is missing, and one for each value that is wrong."""
    errors = error.errors()
    missing = [name for one in errors if one["type"] == "missing" for name in missing_at(settings_type, one["loc"])]
    if missing:
        yield f"{' and '.join(missing)} must be set; {LISTED}, and `make run` chooses them all for one machine"
    # A variable that may be one of several kinds of value has a complaint of each; the first is of the usual kind.
    wrong = {variable_at(settings_type, one["loc"]): one for one in reversed(errors) if one["type"] != "missing"}
    fields = variables(settings_type)
    for name, one in reversed(wrong.items()):
        yield wrong_value(name, fields[name], one["type"], one["msg"], given.get(name))


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


def secret(file: Path | None) -> str:
    """Reads a secret from its file; empty where none is named."""
    if file is None:
        return ""
    if fault := file_fault(file):
        raise SettingsError(f"the file {file} {fault}")
    return file.read_text(encoding="utf-8").strip()
