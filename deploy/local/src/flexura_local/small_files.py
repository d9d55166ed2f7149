"""The small files of a home that a start reads: what a whole one looks like, and what becomes of one that is not."""

import contextlib
import json
import re
import secrets
from pathlib import Path

from flexura_kit.files import write_durably

SECRET = re.compile(rb"[A-Za-z0-9_-]{43}")
SECRET_BYTES = 32
DAMAGED_SUFFIX = ".damaged"
PORT_MAX = 65_535
SQLITE_MAGIC = b"SQLite format 3\0"
SQLITE_HEADER_BYTES = 100


class DamagedFileError(Exception):
    """A file that cannot be made anew is damaged; the message says which, and what to do."""


def kept_secret(file: Path) -> str | None:
    """The secret in the file, None where there is none or only a part of one; of several lines each is a secret."""
    with contextlib.suppress(FileNotFoundError):
        lines = file.read_bytes().split()
        if lines and all(SECRET.fullmatch(line) for line in lines):
            return file.read_text()
    return None


def make_secret(file: Path) -> bool:
    """Writes a new one; tells whether there was another, which then lies beside it."""
    was_there = file.exists()
    if was_there:
        file.replace(file.with_name(file.name + DAMAGED_SUFFIX))
    write_durably(file, secrets.token_urlsafe(SECRET_BYTES))
    return was_there


def kept_ports(file: Path) -> dict[str, int]:
    """The ports in the file by name, without those that are none; all can be chosen again."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        ports = json.loads(file.read_bytes())
        if isinstance(ports, dict):
            return {name: port for name, port in ports.items() if type(port) is int and 0 < port <= PORT_MAX}
    return {}


def refuse_damaged_database(file: Path, *, has_been_used: bool) -> None:
    """Raises DamagedFileError where a database is visibly not whole; a start would lose what is left, or never end."""
    try:
        with file.open("rb") as stream:
            header = stream.read(SQLITE_HEADER_BYTES)
    except FileNotFoundError:
        return
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size > 0:
        # Half of it may lie in there, and SQLite itself puts the two together.
        return
    if not header:
        if has_been_used:
            raise damaged(file, "is empty")
    elif not header.startswith(SQLITE_MAGIC):
        raise damaged(file, "is no SQLite database")
    elif file.stat().st_size < size_by(header):
        raise damaged(file, "has lost its end")


def size_by(header: bytes) -> int:
    """The size that the database says it has, 0 where its header does not say (SQLite, "Database File Format", 1.3)."""
    if len(header) < SQLITE_HEADER_BYTES or header[24:28] != header[92:96]:
        return 0
    page_bytes = int.from_bytes(header[16:18], "big")
    return (page_bytes if page_bytes > 1 else 1 << 16) * int.from_bytes(header[28:32], "big")


def damaged(file: Path, how: str) -> DamagedFileError:
    return DamagedFileError(
        f"{file} {how}, and it cannot be made anew: it is the record. Restore the home from a backup, or move this"
        " file away to begin without what it held"
    )
