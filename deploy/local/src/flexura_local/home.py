"""The folder that holds everything of one installation: data, credentials, ports, sockets, logs, and who runs it."""

import contextlib
import fcntl
import itertools
import json
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from flexura_kit.files import make_folder_durably, write_durably
from flexura_kit.startup import os_fault
from flexura_local.ports import free_ports, taken
from flexura_local.room import FULL
from flexura_local.s3 import GRPC_OFFSET, NAMES, store_ports
from flexura_local.small_files import PORT_MAX, kept_ports, kept_secret, make_secret, refuse_damaged_database

SOCKET_PATH_MAX = 100  # The system's limit is 107 bytes; the longest socket here must fit.
LONGEST_SOCKET = "media-worker.ready"
PRIVATE = 0o700
IGNORE_ALL = b"*\n"
# What a folder holds that has been a home: the first that a start makes, and what older ones have.
MARKS = ("lock", "first-key", "secrets", "db")
OF_THE_DISK = {"lost+found"}  # A disk of its own has it before anything is in there.
SEALING = "webhook-key"
SEALS_NO_MORE = (
    "{file} was damaged, so a new key was made, and the old file lies beside it. Secrets of webhooks that were sealed"
    " with the old key cannot be read: rotate the secret of each webhook (POST /api/webhooks/ID/rotate)"
)


class HomeTakenError(Exception):
    """Another process runs on this home."""


class HomeUnusableError(Exception):
    """The folder cannot be a home; the message says why."""


class Home:
    """Paths below one folder, and the small files that survive a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.sockets = self.folder / "run"
        self.notices: list[str] = []
        """What its owner must know of what was found damaged and made anew."""

    @property
    def first_key_file(self) -> Path:
        return self.folder / "first-key"

    @property
    def spool(self) -> Path:
        return self._inside("spool")

    def database_url(self, service: str) -> str:
        file = self._inside("db") / f"{service}.db"
        refuse_damaged_database(file, has_been_used=self.first_key_file.exists())
        return f"sqlite:///{file}"

    def log(self, part: str) -> Path:
        return self._inside("log") / f"{part}.log"

    def made_files(self) -> list[Path]:
        """What a start makes for the parts, or keeps for the next one."""
        settings = [self.folder / "ports.json", self.folder / "nats" / "nats-server.conf"]
        store = [self.folder / "s3" / "tls.pem", self.folder / "s3" / "s3.json"]
        folders = [self.folder / "s3" / "configuration", self.folder / "secrets"]
        return [*settings, *store, *(file for folder in folders for file in folder.glob("*"))]

    def ready_socket(self, part: str) -> Path:
        """Where the part says that it is ready."""
        return self.sockets / f"{part}.ready"

    def secret_file(self, name: str) -> Path:
        """Names a file with a secret that is made when first asked for, and again where only a part of it is left."""
        file = self._inside("secrets") / name
        if kept_secret(file) is None and make_secret(file) and name == SEALING:
            self.notices.append(SEALS_NO_MORE.format(file=file))
        return file

    def secret(self, name: str) -> str:
        return self.secret_file(name).read_text()

    def ports(self, spoken_for: Collection[int] = ()) -> tuple[int, dict[str, int]]:
        """The broker's port and the store's: those of the last time, except where somebody took them meanwhile.

        None is a port that is spoken for, and no two are the same.
        """
        file = self.folder / "ports.json"
        kept = kept_ports(file)
        ports = {
            name: port
            for name, port in kept.items()
            if still_free(name, kept) and not taking(name, port) & {*spoken_for, *others(name, kept)}
        }
        while missing := {"nats", *NAMES} - set(ports):
            fresh = {"nats": free_ports(1)[0], **store_ports()}
            used = {*spoken_for, *(port for name in ports for port in taking(name, ports[name]))}
            name = min(missing)
            if not taking(name, fresh[name]) & used:
                ports[name] = fresh[name]
        ports = {name: ports[name] for name in ("nats", *NAMES)}
        if ports != kept:
            write_durably(file, json.dumps(ports, indent=2) + "\n")
        return ports.pop("nats"), ports

    @contextmanager
    def held(self) -> Iterator[None]:
        """Makes the folder, for its owner alone, and holds it; raises HomeTakenError where another process does.

        Raises HomeUnusableError where the folder cannot be made or written, or is there for something else.
        """
        with self._lock_opened() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise HomeTakenError(f"process {self.holder()} runs on {self.folder}") from None
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            self._hide_from_git()
            with self._sockets_made():
                yield

    def _lock_opened(self) -> TextIO:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._refuse_other_use()
            return (self.folder / "lock").open("a+")
        except FileExistsError as error:
            raise HomeUnusableError(f"the home {self.folder} cannot be used: it is a file, not a folder") from error
        except OSError as error:
            if error.errno in FULL:
                # Another folder is no help.
                raise
            raise HomeUnusableError(f"the home {self.folder} cannot be used: {os_fault(error)}") from error

    def _refuse_other_use(self) -> None:
        """Its rights are set to 0700, so a folder that others use, or that is no home, is left alone."""
        about = self.folder.stat()
        is_private = stat.S_IMODE(about.st_mode) == PRIVATE
        if is_private:
            return
        if about.st_uid != os.geteuid():
            owner = user_name(about.st_uid)
            raise HomeUnusableError(f"the home {self.folder} belongs to {owner}, and others may use it")
        if {path.name for path in self.folder.iterdir()} - OF_THE_DISK and not any(
            (self.folder / mark).exists() for mark in MARKS
        ):
            raise HomeUnusableError(f"the folder {self.folder} holds other things and is no home of Flexura")
        self.folder.chmod(PRIVATE)

    def holder(self) -> int | None:
        """The process that runs on this home, None where nobody does."""
        file = self.folder / "lock"
        with contextlib.suppress(FileNotFoundError), file.open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return locking_pid(file) or written_pid(file)
        return None

    def _hide_from_git(self) -> None:
        # A home may lie in any repository, and `git add` must not take its key and secrets along.
        file = self.folder / ".gitignore"
        if not file.exists() or file.read_bytes() != IGNORE_ALL:
            write_durably(file, IGNORE_ALL)

    @contextmanager
    def _sockets_made(self) -> Iterator[None]:
        if len(os.fsencode(self.sockets / LONGEST_SOCKET)) <= SOCKET_PATH_MAX:
            if self.sockets.is_symlink():
                self.sockets.unlink()
            shutil.rmtree(self.sockets, ignore_errors=True)
            self.sockets.mkdir(mode=0o700)
            yield
            return
        # Too deep for the system; sockets need short names.
        with tempfile.TemporaryDirectory(prefix="flexura-") as short:
            self._link_sockets(Path(short))
            yield

    def _link_sockets(self, short: Path) -> None:
        # The link tells programs that start from the home's path where the sockets are.
        link = self.folder / "run"
        if link.is_dir() and not link.is_symlink():
            shutil.rmtree(link)
        link.unlink(missing_ok=True)
        link.symlink_to(short)
        self.sockets = short

    def _inside(self, name: str) -> Path:
        folder = self.folder / name
        make_folder_durably(folder)
        return folder


def user_name(user_id: int) -> str:
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"user {user_id}"


def taking(name: str, port: int) -> set[int]:
    """The ports that are taken with this one."""
    return {port, port + GRPC_OFFSET} if name == "admin" else {port}


def others(name: str, kept: dict[str, int]) -> set[int]:
    """The ports that those before this one take."""
    before = itertools.takewhile(lambda other: other != name, kept)
    return {port for other in before for port in taking(other, kept[other])}


def still_free(name: str, kept: dict[str, int]) -> bool:
    ports = taking(name, kept[name])
    return name in {"nats", *NAMES} and max(ports) <= PORT_MAX and not taken(sorted(ports))


def written_pid(lock: Path) -> int | None:
    content = lock.read_bytes()
    # Without its end it may be a part of the number, and so another process.
    return int(content) if content.endswith(b"\n") and content.strip().isdigit() else None


def locking_pid(lock: Path) -> int | None:
    """Asks the kernel who holds the lock: the file may have been damaged since."""
    inode = str(lock.stat().st_ino)
    for line in Path("/proc/locks").read_text().splitlines():
        _, kind, _, _, pid, place, *_ = line.split()
        if kind == "FLOCK" and place.rpartition(":")[2] == inode:
            return int(pid)
    return None
