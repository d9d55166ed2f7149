"""Addresses of databases: SQLite's, and PostgreSQL's with the parameters that libpq knows."""

from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import AfterValidator

SQLITE, POSTGRESQL = "sqlite", "postgresql"
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SESSIONS = ("any", "primary", "standby", "read-write", "read-only", "prefer-standby")

# What asyncpg reads itself when it is handed the URL. Any other name it would send to the server as a setting.
OF_DRIVER = (
    *("host", "port", "user", "password", "dbname", "passfile", "target_session_attrs", "krbsrvname", "gsslib"),
    *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslpassword", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version"),
)
OURS = ("application_name", "connect_timeout", "prepared_statement_cache_size")
ALIASES = {"ssl": "sslmode", "database": "dbname", "fallback_application_name": "application_name"}
CHOICES = {"sslmode": SSL_MODES, "target_session_attrs": SESSIONS}
FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
NUMBERS = ("connect_timeout", "prepared_statement_cache_size")
HOW_TO_WRITE = "write sqlite:////absolute/file.db, or postgresql://user@host:port/name"


def backend_of(url: str) -> str:
    """Names the kind of database; raises ValueError where it is none of ours."""
    scheme = url.partition("://")[0].partition("+")[0].lower()
    if "://" not in url or scheme not in {SQLITE, POSTGRESQL, "postgres"}:
        raise ValueError(f"is no address of SQLite or PostgreSQL; {HOW_TO_WRITE}")
    return SQLITE if scheme == SQLITE else POSTGRESQL


def parameters_of(url: str) -> dict[str, str]:
    """Answers what follows the question mark, each under the name that libpq has for it."""
    given = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return {ALIASES.get(name, name): value for name, value in given}


def driver_url(url: str) -> str:
    """The URL as asyncpg takes it: parameters that it does not know are left to `parameters_of`."""
    parts = urlsplit(url)
    query = urlencode({name: value for name, value in parameters_of(url).items() if name in OF_DRIVER})
    return urlunsplit((POSTGRESQL, parts.netloc, parts.path, query, ""))


def shown_url(url: str) -> str:
    """The URL without user, password and parameters, for people to read."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def database_url(url: str) -> str:
    """Refuses an address that could not be used, or a parameter that would be lost."""
    if backend_of(url) == SQLITE:
        if not url.partition("://")[2].strip("/"):
            raise ValueError(f"names no file; {HOW_TO_WRITE}")
        return with_home_folder(url)
    try:
        _hosts_and_ports(urlsplit(url).netloc.rpartition("@")[2])
    except ValueError:
        raise ValueError(f"has a host or port that cannot be read; {HOW_TO_WRITE}") from None
    for name, value in parameters_of(url).items():
        _check_parameter(name, value)
    return url


def with_home_folder(url: str) -> str:
    """Replaces `~` at the start of the path of a database file, as shells do it."""
    scheme, _, place = url.partition("://")
    path = place.removeprefix("/")
    if not path.startswith("~"):
        return url
    try:
        return f"{scheme}:///{Path(path).expanduser()}"
    except RuntimeError:
        raise ValueError(f"begins with {path.partition('/')[0]}, and there is no such user's home folder") from None


def _hosts_and_ports(hosts: str) -> None:
    for host in filter(None, hosts.split(",")):
        urlsplit(f"//{host}").port  # noqa: B018 - reading it raises where it is none.


def _check_parameter(name: str, value: str) -> None:
    known = (*OF_DRIVER, *OURS)
    if name not in known:
        raise ValueError(f"has the parameter {name}, which is not known here; known are {', '.join(sorted(known))}")
    if value not in CHOICES.get(name, (value,)):
        raise ValueError(f"has {name}={value}, which may be {', '.join(CHOICES[name])}")
    if name in FILES and (why := unreadable(value)):
        raise ValueError(f"has {name}={value}, a file that cannot be read: {why}")
    if name in NUMBERS and not (value.isascii() and value.isdecimal()):
        raise ValueError(f"has {name}={value}, which must be a number")


def unreadable(file: str) -> str | None:
    try:
        Path(file).read_bytes()
    except OSError as error:
        return error.strerror
    return None


DatabaseURL = Annotated[str, AfterValidator(database_url)]
