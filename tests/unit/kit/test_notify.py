"""What a service manager is told of a process, by systemd's protocol."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from flexura_kit.notify import Notifier, notifier


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "manager"))
        listening.settimeout(10)
        yield listening


def test_readiness_and_what_is_missing_are_told(manager: socket.socket) -> None:
    told = Notifier(manager.getsockname())

    told.not_ready({"database": "no answer\nyet", "stream": "not there"})
    told.ready()
    told.impaired(["nats", "hints"])
    told.impaired([])
    told.stopping()

    said = [manager.recv(1000).decode() for _ in range(5)]
    assert said == [
        "STATUS=waits for database: no answer yet; stream: not there",
        "READY=1\nSTATUS=ready",
        "X_FLEXURA_IMPAIRED=nats hints",
        "X_FLEXURA_IMPAIRED=",
        "STOPPING=1",
    ]


def test_the_abstract_namespace_is_written_with_an_at() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("")  # The system chooses an abstract name.
        listening.settimeout(10)
        Notifier("@" + listening.getsockname()[1:].decode()).ready()
        assert listening.recv(1000).startswith(b"READY=1")


def test_without_a_manager_nothing_happens(tmp_path: Path) -> None:
    notifier({}).ready()
    notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready()


def test_a_manager_that_reads_nothing_is_not_waited_for(manager: socket.socket) -> None:
    told = Notifier(manager.getsockname())
    for _ in range(10_000):
        told.ready()
