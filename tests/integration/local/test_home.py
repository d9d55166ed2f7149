"""The folder of an installation: who holds it, what it keeps, where its sockets lie."""

import os
import socket
import stat
from pathlib import Path

import pytest

from flexura_local.home import MARKS, SOCKET_PATH_MAX, Home, HomeTakenError, HomeUnusableError


def test_home_is_for_its_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with home.held():
        secret = home.secret_file("nats-password")
        for folder in (home.folder, home.sockets, secret.parent):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/flexura", "/dev/null/home"])
def test_home_that_cannot_be_is_refused_with_the_reason(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HomeUnusableError, match=r"the home .* cannot be used: "), Home(tmp_path / place).held():
        pass


def test_folder_that_is_used_for_something_else_keeps_its_rights(tmp_path: Path) -> None:
    used = tmp_path / "used"
    used.mkdir(mode=0o755)
    (used / "thesis.txt").touch()
    with pytest.raises(HomeUnusableError, match="holds other things"), Home(used).held():
        pass
    assert stat.S_IMODE(used.stat().st_mode) == 0o755
    assert [path.name for path in used.iterdir()] == ["thesis.txt"]


def test_folder_of_somebody_else_keeps_its_rights(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    if os.geteuid() == 0:
        folder.mkdir(mode=0o755)
        os.chown(folder, 65_534, 65_534)
    else:
        # Only root may give a folder away; this one has always been root's.
        folder = Path("/usr")
    before, owner = folder.stat().st_mode, folder.owner()
    with pytest.raises(HomeUnusableError, match=f"belongs to {owner}"), Home(folder).held():
        pass
    assert folder.stat().st_mode == before


@pytest.mark.parametrize("mark", ["", *MARKS])
def test_folder_of_ours_that_is_empty_or_was_a_home_becomes_private(tmp_path: Path, mark: str) -> None:
    folder = tmp_path / "ours"
    folder.mkdir(mode=0o755)
    if mark:
        (folder / mark).touch()
    with Home(folder).held():
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with home.held(), pytest.raises(HomeTakenError, match=f"process {home.holder()} runs on"), Home(home.folder).held():
        pass
    assert home.holder() is None


def test_nobody_holds_a_home_that_does_not_exist(tmp_path: Path) -> None:
    assert Home(tmp_path / "none").holder() is None


def test_secrets_and_ports_stay_the_same_over_restarts(tmp_path: Path) -> None:
    first, second = Home(tmp_path / "home"), Home(tmp_path / "home")
    with first.held():
        kept = first.secret("nats-password"), first.ports()
    with second.held():
        assert (second.secret("nats-password"), second.ports()) == kept


def test_port_that_was_taken_meanwhile_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with home.held(), socket.socket() as neighbour:
        nats, s3 = home.ports()
        neighbour.bind(("127.0.0.1", nats))
        neighbour.listen()
        nats_again, s3_again = home.ports()
    assert nats_again != nats
    assert s3_again == s3


def test_sockets_of_a_deep_home_lie_in_a_short_place_that_is_removed(tmp_path: Path) -> None:
    home = Home(tmp_path / ("deep" * 30))
    with home.held():
        sockets = home.sockets
        assert len(str(sockets / "search.sock")) <= SOCKET_PATH_MAX
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert (home.folder / "run").resolve() == sockets
    assert not sockets.exists()


def test_home_that_was_deep_and_is_not_any_more_has_its_sockets_inside(tmp_path: Path) -> None:
    deep, shallow = tmp_path / ("deep" * 30), tmp_path / "home"
    with Home(deep).held():
        pass
    deep.rename(shallow)
    home = Home(shallow)
    with home.held():
        assert home.sockets == shallow / "run"
        assert not home.sockets.is_symlink()
