"""A start that cannot succeed ends, and names the part, the last line of its log, and the log."""

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from servers.nats import NATSServer

from flexura_local.child import Child
from flexura_local.console import Console
from flexura_local.home import Home
from flexura_local.parts import Part, Plan, rpc_part, target
from flexura_local.supervisor import StartError, Supervisor

# Ready for a moment, and gone with the reason in its log.
FLAPS = (
    "import time; print('set', flush=True); time.sleep(0.3); print('fatal: no mood', flush=True); raise SystemExit(4)"
)
LINGERS = "import time; print('fatal: no mood', flush=True); time.sleep(600)"
STAYS = "import time; print('set', flush=True); time.sleep(600)"
BOUND_S = 60.0


async def _when_set(child: Child) -> str | None:
    return None if "set" in child.log_since_start() else "it is not set"


async def _never(_: Child) -> str | None:
    return "it is in no mood"


def _part(name: str, code: str, ready: Callable[[Child], Awaitable[str | None]] = _when_set) -> Part:
    return Part(name, "here", [sys.executable, "-c", code], ready)


async def _failure(home: Home, *parts: Part, auth_target: str = "unix:/nowhere.sock", timeout_s: float = 60.0) -> str:
    plan = Plan((parts,), auth_target, "http://nowhere", "http://nowhere")
    with pytest.raises(StartError) as failed:
        async with asyncio.timeout(BOUND_S):
            await Supervisor(home, plan, Console(io.StringIO()), timeout_s).run()
    return str(failed.value)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.folder.mkdir()
    home.sockets.mkdir()
    return home


async def test_part_that_becomes_ready_and_dies_in_a_loop_ends_the_start(home: Home) -> None:
    said = await _failure(home, _part("flapping", FLAPS), _part("waiting", LINGERS, _never))
    assert "flapping does not stay up, it ended with status 4 again and again; its last line: fatal: no mood" in said
    assert str(home.log("flapping")) in said


async def test_part_that_never_becomes_ready_ends_the_start(home: Home) -> None:
    said = await _failure(home, _part("well", STAYS), _part("lingering", LINGERS, _never), timeout_s=3.0)
    assert "lingering does not become ready within 3 s: it is in no mood; its last line: fatal: no mood" in said
    assert str(home.log("lingering")) in said


async def test_program_that_is_not_there_ends_the_start(home: Home) -> None:
    said = await _failure(home, Part("missing", "here", ["/no/such/program"], _when_set))
    assert "missing does not stay up" in said
    assert "/no/such/program" in said


async def test_part_that_dies_in_a_loop_right_after_the_start_ends_it_too(home: Home, shared_nats: NATSServer) -> None:
    bus = {"FLEXURA_NATS_URL": shared_nats.url, "FLEXURA_NATS_USER": shared_nats.user}
    own = {"FLEXURA_NATS_PASSWORD_FILE": str(shared_nats.password_file)}
    auth = rpc_part(home, "auth", bus | own | {"FLEXURA_DATABASE_URL": home.database_url("auth")})
    flaps = FLAPS.replace("0.3", "1.5")
    said = await _failure(home, auth, _part("flapping", flaps), auth_target=target(home, "auth"))
    assert "flapping does not stay up, it ended with status 4 again and again" in said


async def test_auth_that_refuses_the_first_account_ends_the_start_with_a_sentence(
    home: Home, shared_nats: NATSServer
) -> None:
    bus = {"FLEXURA_NATS_URL": shared_nats.url, "FLEXURA_NATS_USER": shared_nats.user}
    own = {"FLEXURA_NATS_PASSWORD_FILE": str(shared_nats.password_file)}
    auth = rpc_part(home, "auth", bus | own | {"FLEXURA_DATABASE_URL": home.database_url("auth")})
    home.first_key_file.mkdir()
    said = await _failure(home, auth, auth_target=target(home, "auth"))
    assert said == f"auth made no first account: the first key cannot be kept: {home.first_key_file}: Is a directory"
