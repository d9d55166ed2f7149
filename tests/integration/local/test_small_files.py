"""Files of a home that a power cut left empty or cut: a start makes them anew, or says what is lost."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from flexura_jobs.vault import read_vault
from flexura_local.first_account import kept_key
from flexura_local.home import Home, HomeTakenError
from flexura_local.parts import plan
from flexura_local.settings import LocalSettings
from flexura_local.small_files import DAMAGED_SUFFIX, DamagedFileError

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "half": lambda content: content[: len(content) // 2],
    "zeroes": lambda content: bytes(len(content)),
    "garbage": lambda content: b"\xff\xfe{" + os.urandom(len(content)),
    "other_json": lambda _: b'["nats", {"nats": true}]',
}
SECRETS = ("nats-password", "s3-access-key", "s3-secret-key", "webhook-key", "continuation-key")


@pytest.fixture(params=DAMAGES)
def damage(request: pytest.FixtureRequest) -> Callable[[bytes], bytes]:
    return DAMAGES[request.param]


def test_every_file_of_a_home_may_be_damaged(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    home = Home(tmp_path / "home")
    with home.held():
        plan(LocalSettings(), home, ["127.0.0.1"])
        files = [path for path in home.folder.rglob("*") if path.is_file()]
        assert {"ports.json", "lock", "nats-server.conf", "s3.json", "security.toml", "tls.pem", *SECRETS} <= {
            path.name for path in files
        }
    for file in files:
        file.write_bytes(damage(file.read_bytes()))
        again = Home(home.folder)
        with again.held():
            plan(LocalSettings(), again, ["127.0.0.1"])
            assert again.holder() == os.getpid()
            read_vault(again.secret_file("webhook-key"))
            nats, store = again.ports()
            assert all(type(port) is int for port in (nats, *store.values()))
        assert bool(again.notices) == (file.name == "webhook-key")


def test_a_damaged_key_that_sealed_something_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with home.held():
        file = home.secret_file("webhook-key")
        file.write_bytes(file.read_bytes()[:20])
        cut = file.read_bytes()
        home.secret_file("webhook-key")
    assert file.with_name(file.name + DAMAGED_SUFFIX).read_bytes() == cut
    assert "rotate the secret of each webhook" in home.notices[0]


def test_a_key_file_with_a_further_key_is_whole(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with home.held():
        file = home.secret_file("webhook-key")
        two = file.read_text() + "\n" + home.secret_file("continuation-key").read_text() + "\n"
        file.write_text(two)
        assert home.secret("webhook-key") == two


def test_a_damaged_first_key_is_no_key(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    file = tmp_path / "first-key"
    file.write_bytes(damage(b"fx_live_" + b"a" * 38))
    assert kept_key(file) != "fx_live_" + "a" * 38


def test_a_lock_that_does_not_name_its_holder_is_looked_up(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    home = Home(tmp_path / "home")
    with home.held():
        lock = home.folder / "lock"
        lock.write_bytes(damage(lock.read_bytes()))
        assert Home(home.folder).holder() == os.getpid()
        with pytest.raises(HomeTakenError, match=f"process {os.getpid()} runs"), Home(home.folder).held():
            pass


@pytest.mark.parametrize("kind", ["empty", "half", "zeroes", "garbage"])
def test_a_damaged_database_is_named_and_not_begun_anew(tmp_path: Path, kind: str) -> None:
    home = Home(tmp_path / "home")
    with home.held():
        file = Path(home.database_url("jobs").removeprefix("sqlite:///"))
        with closing(sqlite3.connect(file)) as database:
            database.executescript("CREATE TABLE jobs (id TEXT); INSERT INTO jobs VALUES ('a')")
        assert home.database_url("jobs")
        home.first_key_file.touch()
        file.write_bytes(DAMAGES[kind](file.read_bytes()))
        with pytest.raises(DamagedFileError, match=r"jobs\.db .*Restore the home from a backup"):
            home.database_url("jobs")


def test_a_database_of_a_first_start_that_was_cut_off_is_begun_anew(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with home.held():
        Path(home.database_url("jobs").removeprefix("sqlite:///")).touch()
        assert home.database_url("jobs")
