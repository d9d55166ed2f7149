"""PostgreSQL over TLS by `sslmode`: what connects, and what is said where it does not."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from pydantic import ValidationError
from servers.postgres import PostgresDatabase
from servers.postgres_tls import postgres_over_tls
from servers.tls_proxy import CERTIFICATE
from sqlalchemy import text

from flexura_auth.wiring import MIGRATIONS
from flexura_kit.db import database, migrate
from flexura_kit.settings import DatabaseSettings
from flexura_kit.startup import ExitStatus, StartupError


@pytest_asyncio.fixture
async def address(postgres: PostgresDatabase) -> AsyncIterator[str]:
    """The URL of a database that is reached over TLS alone, on localhost."""
    parts = urlsplit(postgres.url)
    async with postgres_over_tls(parts.port or 0) as port:
        yield f"postgresql://{parts.username}@localhost:{port}{parts.path}"


def _settings(address: str, query: str, postgres: PostgresDatabase) -> DatabaseSettings:
    query = query.replace("CERTIFICATE", str(CERTIFICATE))
    return DatabaseSettings(url=f"{address}?{query}", password_file=postgres.password_file)


@pytest.mark.parametrize(
    "query",
    [
        "sslmode=require",
        "ssl=require",
        "sslmode=prefer",
        "sslmode=verify-ca&sslrootcert=CERTIFICATE",
        "sslmode=verify-full&sslrootcert=CERTIFICATE",
        "sslmode=require&ssl_min_protocol_version=TLSv1.3",
        "sslmode=verify-full&sslrootcert=CERTIFICATE&application_name=mine&connect_timeout=5",
    ],
)
async def test_a_database_behind_tls_is_used(address: str, postgres: PostgresDatabase, query: str) -> None:
    settings = _settings(address, query, postgres)
    async with database(settings, "auth") as opened:
        await migrate(opened, "auth", MIGRATIONS)
        async with opened.read.connect() as connection:
            assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1


async def test_a_certificate_for_another_name_is_taken_by_verify_ca_and_refused_by_verify_full(
    address: str, postgres: PostgresDatabase
) -> None:
    elsewhere = address.replace("localhost", "127.0.0.2")
    by_authority = _settings(elsewhere, "sslmode=verify-ca&sslrootcert=CERTIFICATE", postgres)
    async with database(by_authority, "auth") as opened, opened.read.connect() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    by_name = _settings(elsewhere, "sslmode=verify-full&sslrootcert=CERTIFICATE", postgres)
    async with database(by_name, "auth") as opened:
        with pytest.raises(StartupError, match=r"cannot be reached over TLS .*see sslmode and sslrootcert"):
            await migrate(opened, "auth", MIGRATIONS)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("sslmode=disable", "cannot be"),
        ("sslmode=verify-full", "sslrootcert names a file"),
        ("sslmode=verify-full&sslrootcert=/dev/null", "sslrootcert"),
        (f"sslmode=verify-full&sslrootcert={__file__}", "sslrootcert"),
    ],
)
async def test_what_is_wrong_with_tls_is_said_in_a_sentence(
    address: str, postgres: PostgresDatabase, query: str, says: str
) -> None:
    async with database(_settings(address, query, postgres), "auth") as opened:
        with pytest.raises(StartupError) as refused:
            await migrate(opened, "auth", MIGRATIONS)
    said = str(refused.value)
    assert says in said
    assert "\n" not in said
    assert "Traceback" not in said
    assert postgres.password not in said


@pytest.mark.parametrize("name", ["sslrootcert", "sslcert", "sslkey", "sslcrl"])
@pytest.mark.parametrize("file", ["/no/such/file.pem", "/", ""])
def test_a_file_of_the_url_that_cannot_be_read_is_named_with_its_parameter(name: str, file: str) -> None:
    with pytest.raises(ValidationError, match=f"has {name}={file}, a file that cannot be read: "):
        DatabaseSettings(url=f"postgresql://h/db?sslmode=require&{name}={file}")


async def test_a_refused_login_over_tls_is_said_as_one(address: str, postgres: PostgresDatabase) -> None:
    for wrong, says in (
        (address.replace("flexura@", "nobody@"), "refuses the user or the password"),
        (f"{address}x", "does not exist; create it"),
    ):
        async with database(_settings(wrong, "sslmode=require", postgres), "auth") as opened:
            with pytest.raises(StartupError, match=says) as refused:
                await migrate(opened, "auth", MIGRATIONS)
        assert refused.value.status == ExitStatus.WRONG_SETTINGS
