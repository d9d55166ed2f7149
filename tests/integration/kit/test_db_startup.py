"""What an operator is told where a database cannot be used at the start, and how PostgreSQL is reached by its URL."""

import asyncio
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from servers.postgres import PostgresDatabase
from sqlalchemy import text

from flexura_auth.wiring import MIGRATIONS
from flexura_kit.db import database, migrate
from flexura_kit.settings import DatabaseSettings
from flexura_kit.startup import ExitStatus, StartupError

SETTINGS, UNAVAILABLE = ExitStatus.WRONG_SETTINGS, ExitStatus.UNAVAILABLE


async def _refusal(settings: DatabaseSettings) -> StartupError:
    async with database(settings, "auth") as opened:
        with pytest.raises(StartupError) as refused:
            await migrate(opened, "auth", MIGRATIONS)
    said = str(refused.value)
    assert "\n" not in said
    assert "Traceback" not in said
    return refused.value


@pytest.mark.parametrize(
    ("change", "says", "status"),
    [
        (("flexura@", "nobody@"), "refuses the user or the password", SETTINGS),
        (("/test_", "/no_such_"), "does not exist; create it", SETTINGS),
        (("PORT", "1"), "cannot be reached", UNAVAILABLE),
        (("127.0.0.1", "no-such-host.invalid"), "cannot be reached", UNAVAILABLE),
        (("QUERY", "?sslmode=require"), "sslmode", UNAVAILABLE),
        (("QUERY", "?ssl=verify-full"), "sslrootcert", SETTINGS),
    ],
)
async def test_what_refuses_us_is_said_in_a_sentence(
    postgres: PostgresDatabase, change: tuple[str, str], says: str, status: ExitStatus
) -> None:
    url = f"{postgres.url}QUERY".replace(*change).replace("QUERY", "")
    if change[0] == "PORT":
        url = postgres.url.replace(f":{urlsplit(postgres.url).port}/", f":{change[1]}/")

    refused = await _refusal(DatabaseSettings(url=url, password_file=postgres.password_file))

    assert says in str(refused)
    assert refused.status == status
    assert postgres.password not in str(refused)


async def test_a_wrong_password_is_said_and_not_shown(postgres: PostgresDatabase, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("wr0ng")
    refused = await _refusal(DatabaseSettings(url=postgres.url, password_file=tmp_path / "password"))
    assert "FLEXURA_DATABASE_PASSWORD_FILE" in str(refused)
    assert "wr0ng" not in str(refused)


@pytest.mark.parametrize(
    "url",
    ["sqlite:////proc/flexura/x.db", "sqlite:////dev/null/x.db", f"sqlite:///{Path(__file__).absolute()}"],
)
async def test_a_file_that_is_no_database_is_named(url: str) -> None:
    refused = await _refusal(DatabaseSettings(url=url))
    assert f"the database {urlsplit(url).path}" in str(refused)
    assert "FLEXURA_DATABASE_URL" in str(refused)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseSettings:
    if request.param == "sqlite":
        return DatabaseSettings(url=f"sqlite:///{tmp_path}/x.db")
    postgres: PostgresDatabase = request.getfixturevalue("postgres")
    return postgres.settings


async def test_a_database_of_a_newer_version_is_left_alone(settings: DatabaseSettings) -> None:
    async with database(settings, "auth") as opened:
        await migrate(opened, "auth", MIGRATIONS)
        async with opened.write.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    refused = await _refusal(settings)

    assert "made by a newer version of Flexura" in str(refused)
    assert "run that version, or restore a backup" in str(refused)
    assert refused.status == SETTINGS


@pytest.mark.parametrize(
    "query",
    [
        "sslmode=disable",
        "sslmode=prefer",
        "ssl=allow",
        "target_session_attrs=read-write&connect_timeout=3",
        "prepared_statement_cache_size=0",
    ],
)
async def test_parameters_of_libpq_are_understood(postgres: PostgresDatabase, query: str) -> None:
    url = f"{postgres.url}?{query}&application_name=mine"
    settings = DatabaseSettings(url=url, password_file=postgres.password_file)
    async with database(settings, "kit") as opened, opened.read.connect() as connection:
        found = await connection.execute(text("SELECT current_setting('application_name')"))
        assert found.scalar_one() == "mine"


async def test_several_hosts_are_tried_in_turn_and_a_password_may_stand_in_the_url(postgres: PostgresDatabase) -> None:
    parts = urlsplit(postgres.url)
    url = f"postgresql+asyncpg://{parts.username}:{postgres.password}@127.0.0.1:1,127.0.0.1:{parts.port}{parts.path}"
    async with database(DatabaseSettings(url=url), "kit") as opened, opened.read.connect() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1


@pytest.mark.parametrize("is_new", [True, False])
async def test_a_service_that_cannot_write_its_database_says_so_and_ends(tmp_path: Path, is_new: bool) -> None:
    file = tmp_path / "auth.db"
    settings = DatabaseSettings(url=f"sqlite:///{file}")
    if not is_new:
        async with database(settings, "auth") as opened:
            await migrate(opened, "auth", MIGRATIONS)
    # As on a full disk, no file may grow. Signals of that are off in Python, and the write fails.
    program = (
        "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));"
        "runpy.run_module('flexura_auth', run_name='__main__')"
    )
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program],
        env={"FLEXURA_RPC_LISTEN": f"unix:{tmp_path}/auth.sock", "FLEXURA_DATABASE_URL": settings.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == UNAVAILABLE
    *lines, said = ended.stderr.splitlines()
    assert said.startswith(f"the database /{file} takes no writes: disk I/O error; look at its disk"), said
    assert not any("Traceback" in line for line in lines)
