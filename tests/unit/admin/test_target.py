"""Where the operator's command finds the auth service."""

from pathlib import Path

import pytest

from flexura_admin.target import auth_target


def test_the_variable_wins_over_the_home(tmp_path: Path) -> None:
    assert auth_target({"FLEXURA_AUTH_TARGET": "auth:9000", "FLEXURA_HOME": str(tmp_path)}) == "auth:9000"


def test_the_home_holds_the_socket(tmp_path: Path) -> None:
    assert auth_target({"FLEXURA_HOME": str(tmp_path)}) == f"unix:{tmp_path}/run/auth.sock"
    assert auth_target({"FLEXURA_HOME": "", "FLEXURA_AUTH_TARGET": ""}).endswith("/.flexura/run/auth.sock")


def test_the_home_may_begin_with_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert auth_target({"FLEXURA_HOME": "~/flexura"}) == f"unix:{tmp_path}/flexura/run/auth.sock"
    assert auth_target({"FLEXURA_HOME": "~no-such-user/x"}).endswith("/~no-such-user/x/run/auth.sock")


def test_a_home_with_a_long_path_links_to_its_sockets(tmp_path: Path) -> None:
    home, short = tmp_path / ("deep" * 30), tmp_path / "short"
    home.mkdir()
    short.mkdir()
    (home / "run").symlink_to(short)

    assert auth_target({"FLEXURA_HOME": str(home)}) == f"unix:{short}/auth.sock"
