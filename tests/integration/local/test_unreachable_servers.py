"""Each service that cannot log in or reach a server says so in one sentence, when it is started and in its log."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from servers.nats import NATSServer
from servers.postgres import PostgresDatabase
from servers.s3 import S3Server

from flexura_local.ports import free_ports

OF_DATABASES = ("flexura_auth", "flexura_jobs", "flexura_jobs.webhooks")
OF_THE_BROKER = ("flexura_auth", "flexura_search", "flexura_jobs", "flexura_media_worker", "flexura_edge")
OF_THE_STORE = ("flexura_jobs", "flexura_media_worker", "flexura_edge")
START_S = 60.0
POLL_S = 0.1


def _environment(module: str, folder: Path, **given: str) -> dict[str, str]:
    """What the service needs; nobody answers at any of its addresses but those that are given."""
    known = {
        "flexura_auth": {"FLEXURA_DATABASE_URL", "FLEXURA_RPC_LISTEN"},
        "flexura_search": {"FLEXURA_RPC_LISTEN"},
        "flexura_jobs": {"FLEXURA_DATABASE_URL", "FLEXURA_RPC_LISTEN"},
        "flexura_jobs.webhooks": {"FLEXURA_DATABASE_URL", "FLEXURA_WEBHOOKS_KEY_FILE"},
        "flexura_media_worker": {"FLEXURA_JOBS_TARGET", "FLEXURA_SPOOL_DIR", "FLEXURA_SLOTS"},
        "flexura_edge": {"FLEXURA_AUTH_TARGET", "FLEXURA_JOBS_TARGET", "FLEXURA_SEARCH_TARGET", "FLEXURA_LISTEN"},
    }[module]
    key = folder / "webhook-key"
    key.write_text("A" * 43)
    values = {
        "FLEXURA_DATABASE_URL": f"sqlite:///{folder}/x.db",
        "FLEXURA_RPC_LISTEN": f"unix:{folder}/x.sock",
        "FLEXURA_WEBHOOKS_KEY_FILE": str(key),
        "FLEXURA_SPOOL_DIR": str(folder / "spool"),
        "FLEXURA_SLOTS": "1",
        "FLEXURA_LISTEN": f"127.0.0.1:{free_ports(1)[0]}",
        **{f"FLEXURA_{name}_TARGET": f"unix:{folder}/{name}.sock" for name in ("AUTH", "JOBS", "SEARCH")},
    }
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FLEXURA_")}
    return plain | {name: values[name] for name in known} | {"FLEXURA_LOG_FORMAT": "json"} | given


@asynccontextmanager
async def _started(module: str, environment: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        env=dict(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=1 << 20,
    )
    try:
        async with asyncio.timeout(START_S):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("module", OF_DATABASES)
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("user", "refuses the user or the password"),
        ("password", "refuses the user or the password"),
        ("name", "does not exist; create it"),
        ("port", "cannot be reached: "),
        ("host", "cannot be reached: "),
    ],
)
async def test_a_database_that_refuses_us_ends_the_start_with_a_sentence(
    postgres: PostgresDatabase, tmp_path: Path, module: str, wrong: str, says: str
) -> None:
    parts = urlsplit(postgres.url)
    url = {
        "user": postgres.url.replace("flexura@", "nobody@"),
        "name": f"{postgres.url}_not",
        "port": postgres.url.replace(f":{parts.port}/", ":1/"),
        "host": postgres.url.replace("127.0.0.1", "no-such-host.invalid"),
    }.get(wrong, postgres.url)
    password = tmp_path / "password"
    password.write_text("wr0ng" if wrong == "password" else postgres.password)
    own = {"FLEXURA_DATABASE_URL": url, "FLEXURA_DATABASE_PASSWORD_FILE": str(password)}
    async with _started(module, _environment(module, tmp_path, **own)) as process:
        output, _ = await process.communicate()
    sentences = [line for line in output.decode().splitlines() if line and not line.startswith("{")]
    assert len(sentences) == 1, output.decode()
    assert says in sentences[0]
    assert "Traceback" not in output.decode()
    assert "wr0ng" not in output.decode()
    assert process.returncode in {1, 2}


@pytest.mark.parametrize("module", OF_THE_BROKER)
@pytest.mark.parametrize("wrong", ["password", "address"])
async def test_a_broker_that_cannot_be_used_is_named_with_its_setting(
    shared_nats: NATSServer, tmp_path: Path, module: str, wrong: str
) -> None:
    password = tmp_path / "password"
    password.write_text("wr0ng" if wrong == "password" else shared_nats.password_file.read_text())
    own = {
        "FLEXURA_NATS_URL": shared_nats.url if wrong == "password" else "nats://127.0.0.1:1",
        "FLEXURA_NATS_USER": shared_nats.user,
        "FLEXURA_NATS_PASSWORD_FILE": str(password),
    }
    says = "FLEXURA_NATS_PASSWORD_FILE" if wrong == "password" else "NATS at nats://127.0.0.1:1 cannot be used"
    await _said(module, _environment(module, tmp_path, **own), says)


@pytest.mark.parametrize("module", OF_THE_STORE)
@pytest.mark.parametrize("wrong", ["keys", "address"])
async def test_a_store_that_cannot_be_used_is_named_with_its_setting(
    shared_s3: S3Server, tmp_path: Path, module: str, wrong: str
) -> None:
    key = tmp_path / "key"
    key.write_text("wr0ng")
    own = {
        "FLEXURA_S3_ENDPOINT": shared_s3.endpoint if wrong == "keys" else "127.0.0.1:1",
        "FLEXURA_S3_SECURE": "true",
        "FLEXURA_S3_CA_FILE": str(shared_s3.certificate_file),
        "FLEXURA_S3_CERTIFICATE_FILE": str(shared_s3.certificate_file),
        "FLEXURA_S3_BUCKET": shared_s3.bucket,
        "FLEXURA_S3_ACCESS_KEY_FILE": str(key),
        "FLEXURA_S3_SECRET_KEY_FILE": str(key),
    }
    says = "FLEXURA_S3_SECRET_KEY_FILE" if wrong == "keys" else "127.0.0.1:1"
    await _said(module, _environment(module, tmp_path, **own), says)


async def _said(module: str, environment: Mapping[str, str], says: str) -> None:
    """Waits until the service says so about itself, in a sentence: the edge at /readyz, the others in their logs."""
    if module == "flexura_edge":
        async with _started(module, environment):
            await _said_at_readyz(f"http://{environment['FLEXURA_LISTEN']}/readyz", says)
    else:
        await _said_in_the_log(module, environment, says)


async def _said_at_readyz(url: str, says: str) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with session.get(url) as answer:
                    told = await answer.json()
                if any(says in why for why in (told["missing"] | told["impaired"]).values()):
                    return
            await asyncio.sleep(POLL_S)


async def _said_in_the_log(module: str, environment: Mapping[str, str], says: str) -> None:
    read: list[str] = []
    async with _started(module, environment) as process:
        assert process.stdout is not None
        while line := (await process.stdout.readline()).decode():
            read.append(line)
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("event") == "readiness_changed":
                told = [*event["missing"].values(), *event["impaired"].values()]
                sentences = [why for why in told if says in why]
                if sentences:
                    assert "\n" not in sentences[0]
                    assert not any("Traceback" in line for line in read)
                    assert not any("wr0ng" in line for line in read)
                    return
    pytest.fail(f"{module} did not say {says}: {''.join(read)}")
