"""The spool: a file for each attempt, and nothing left behind."""

from pathlib import Path

from flexura_media_worker.domain import Lease
from flexura_media_worker.spool import folder_spool

LEASE = Lease("job", "token")


def test_a_result_is_removed_whatever_becomes_of_it(tmp_path: Path) -> None:
    with folder_spool(tmp_path / "spool", "me") as spool:
        with spool.reserve(LEASE) as path:
            path.write_bytes(b"abc")
            assert spool.size_bytes(path) == 3

        assert not path.exists()


def test_a_result_that_was_never_written_has_no_bytes(tmp_path: Path) -> None:
    with folder_spool(tmp_path / "spool", "me") as spool, spool.reserve(LEASE) as path:
        assert spool.size_bytes(path) == 0


def test_attempts_at_one_job_do_not_share_a_file(tmp_path: Path) -> None:
    with (
        folder_spool(tmp_path / "spool", "me") as spool,
        spool.reserve(Lease("job", "one-token")) as one,
        spool.reserve(Lease("job", "another-token")) as other,
    ):
        assert one != other


def test_what_a_dead_worker_left_is_removed_and_what_a_live_one_has_is_not(tmp_path: Path) -> None:
    dead = tmp_path / "dead"
    dead.mkdir()
    (dead / "lock").touch()
    (dead / "result").write_bytes(b"abc")
    with folder_spool(tmp_path, "live"), folder_spool(tmp_path, "me"):
        assert not dead.exists()
        assert (tmp_path / "live").exists()

    assert list(tmp_path.iterdir()) == []


def test_the_spool_is_for_its_owner_only(tmp_path: Path) -> None:
    with folder_spool(tmp_path / "spool", "me"):
        assert (tmp_path / "spool" / "me").stat().st_mode & 0o077 == 0
