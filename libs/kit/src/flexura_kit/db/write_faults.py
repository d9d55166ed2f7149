"""Whether a database that can be read refuses writes: its disk is full or broken, or it is a standby."""

import sqlite3
import time
from typing import Any

from sqlalchemy import Engine, event

# Each process tries to write its clock's row every two seconds while it cannot, so that silence says that it could.
SILENCE_S = 5.0
PRIMARY_CODE = 0xFF  # Of an extended result code of SQLite.
MAKE_ROOM = "make room on its disk; all goes on by itself then"
MEND_DISK = "look at its disk and at the log of the system"
# What the drivers say, and what an operator can do. Of SQLite by result code, of PostgreSQL by SQLSTATE.
SQLITE = {
    sqlite3.SQLITE_FULL: MAKE_ROOM,
    sqlite3.SQLITE_IOERR: MEND_DISK,
    sqlite3.SQLITE_READONLY: "its file, its folder or its disk may not be written; give this user the right to",
}
POSTGRESQL = {
    "53100": MAKE_ROOM,
    "58030": MEND_DISK,
    "25006": "it is a standby or set to read-only; name the primary in FLEXURA_DATABASE_URL",
}


class WriteFaults:
    """Hears of each write that fails, and says for how long writes are refused altogether."""

    def __init__(self) -> None:
        self._why = ""
        self._heard_at = float("-inf")

    def watch(self, engine: Engine) -> None:
        """Has it hear of what fails on an engine that writes."""
        event.listen(engine, "handle_error", lambda context: self.hear(context.original_exception))

    def hear(self, error: BaseException) -> None:
        mend = mend_of(error)
        if mend is not None:
            self._why, self._heard_at = f"takes no writes: {error}; {mend}", time.monotonic()

    def why(self) -> str | None:
        """What is wrong and how to mend it; None once writes have not failed for a while."""
        return self._why if time.monotonic() - self._heard_at < SILENCE_S else None


def mend_of(error: BaseException) -> str | None:
    """How to mend what makes a database refuse every write; None for any other error."""
    sqlstate: Any = getattr(error, "sqlstate", None)
    if sqlstate is not None:
        return POSTGRESQL.get(sqlstate)
    code: Any = getattr(error, "sqlite_errorcode", None)
    return None if code is None else SQLITE.get(code & PRIMARY_CODE)
