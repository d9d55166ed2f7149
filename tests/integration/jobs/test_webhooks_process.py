"""The process that sends webhooks: what survives its death, and what stops its start."""

import base64
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from integration.jobs.peers import ALICE, SQLStores, new_job, running
from integration.jobs.receivers import KEY, Receiver, Sending, receiver
from servers.process import ServerProcess
from servers.waiting import eventually
from standardwebhooks import Webhook as Verifier

from flexura_jobs.domain.webhooks import shown_secret
from flexura_jobs.wiring import MIGRATIONS, SERVICE
from flexura_kit.db import database, migrate, transactions
from flexura_kit.settings import DatabaseSettings

COMMAND = [sys.executable, "-m", "flexura_jobs.webhooks"]


def environment_of(folder: Path) -> dict[str, str]:
    keys = folder / "webhook-key"
    keys.write_text(base64.b64encode(KEY).decode())
    own = {name: value for name, value in os.environ.items() if not name.startswith("FLEXURA_")}
    return own | {
        "FLEXURA_DATABASE_URL": f"sqlite:///{folder}/jobs.db",
        "FLEXURA_WEBHOOKS_KEY_FILE": str(keys),
        "FLEXURA_WEBHOOKS_NETWORKS": "127.0.0.0/8",
        "FLEXURA_LOG_FORMAT": "json",
    }


@pytest_asyncio.fixture
async def sending(tmp_path: Path) -> AsyncIterator[Sending]:
    settings = DatabaseSettings(url=f"sqlite:///{tmp_path}/jobs.db")
    async with database(settings, SERVICE) as opened:
        await migrate(opened, SERVICE, MIGRATIONS)
        async with transactions(settings, opened) as tx, running(SQLStores(tx)) as stores:
            yield Sending(stores)


@pytest_asyncio.fixture
async def hook() -> AsyncIterator[Receiver]:
    async with receiver() as listening:
        yield listening


@pytest_asyncio.fixture
async def sender(tmp_path: Path, sending: Sending) -> AsyncIterator[ServerProcess]:
    log = tmp_path / "log"

    async def why_not_ready() -> str | None:
        return None if log.read_text().rpartition("service_stopped")[2].count("service_started") else "not yet"

    assert sending
    process = ServerProcess(COMMAND, log, why_not_ready, environment=environment_of(tmp_path))
    await process.start()
    try:
        yield process
    finally:
        await process.stop()


async def test_a_sender_killed_in_mid_send_is_made_good_and_recorded_once(
    sender: ServerProcess, sending: Sending, hook: Receiver
) -> None:
    await sending.webhook(ALICE, f"{hook.url}/hook")
    held = hook.hold("/hook")
    await sending.ended(new_job())
    await eventually(lambda: len(hook.received) == 1)
    await sender.kill()
    held.set()
    row = await sending.row()
    assert (row["state"], row["attempt"], row["attempted_at"]) == ("pending", 1, None)
    await sender.start()
    await sending.make_due()  # As the end of the lease does.

    async def is_delivered() -> bool:
        return (await sending.row())["state"] == "delivered"

    await eventually(is_delivered)
    assert (await sending.row())["attempt"] == 2
    first, second = hook.received
    assert first.webhook_id == second.webhook_id
    assert first.body == second.body
    assert Verifier(shown_secret(KEY)).verify(second.body, second.headers)["type"] == "job.completed"


async def test_a_sender_that_is_asked_to_stop_first_ends_what_it_sends(
    sender: ServerProcess, sending: Sending, hook: Receiver
) -> None:
    await sending.webhook(ALICE, f"{hook.url}/hook")
    held = hook.hold("/hook")
    await sending.ended(new_job())
    await eventually(lambda: len(hook.received) == 1)
    os.kill(sender.pid, 15)
    held.set()
    await eventually(lambda: "service_stopped" in sender.log_text)
    assert (await sending.row())["state"] == "delivered"
    assert "loop_died" not in sender.log_text


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"FLEXURA_WEBHOOKS_KEY_FILE": "/nowhere"}, "FLEXURA_WEBHOOKS_KEY_FILE: the file /nowhere cannot be read"),
        ({"FLEXURA_WEBHOOKS_NETWORKS": "10.0.0.1/8"}, "FLEXURA_WEBHOOKS_NETWORKS: "),
        ({"FLEXURA_WEBHOOK_KEY": "x"}, "the nearest is FLEXURA_WEBHOOKS_KEY_FILE"),
    ],
)
def test_a_wrong_setting_stops_the_start_by_name(tmp_path: Path, change: dict[str, str], complaint: str) -> None:
    environment = environment_of(tmp_path) | change
    ended = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_a_key_file_the_start_says_what_is_missing(tmp_path: Path) -> None:
    environment = environment_of(tmp_path)
    del environment["FLEXURA_WEBHOOKS_KEY_FILE"]
    ended = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert "FLEXURA_WEBHOOKS_KEY_FILE must name the file" in ended.stderr
