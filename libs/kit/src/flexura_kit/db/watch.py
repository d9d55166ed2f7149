"""Whether the database can be used, has its tables and takes writes, asked again and again."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import exc, text

from flexura_kit.db.engines import Database

INTERVAL_S = 2.0
TIMEOUT_S = 3.0
REFUSED_LOGIN = "28"  # The class of SQLSTATE for a refused user or password.
MEND_TABLES = "restore a backup, or start again on an empty database to have all tables made anew"
MEND_FILE = "what is written now is lost when this process ends: stop it and put a backup there"
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}


class DatabaseWatch:
    """A loop for the lifecycle, and the ready check that it feeds."""

    def __init__(self, database: Database, tables: Iterable[str] = ()) -> None:
        self._database = database
        self._tables = sorted(tables)
        self._inode: int | None = None
        self._trouble: str | None = None

    def why_not_ready(self) -> str | None:
        return self._trouble

    def why_impaired(self) -> str | None:
        """Says why nothing can be written, though what is there can be read."""
        why = self._database.write_faults.why()
        return why and f"{self._name} {why}"

    async def run(self) -> None:
        while True:
            self._trouble = await self._ask()
            await asyncio.sleep(INTERVAL_S)

    async def _ask(self) -> str | None:
        try:
            async with asyncio.timeout(TIMEOUT_S), self._database.read.connect() as connection:
                found = set((await connection.execute(text(TABLES[self._database.dialect]))).scalars())
        except (exc.SQLAlchemyError, OSError) as error:
            return f"{self._name} cannot be used at present: {reason_of(error)}"
        except TimeoutError:
            return f"{self._name} cannot be used at present: it did not answer within {TIMEOUT_S:g} s"
        missing = [table for table in self._tables if table not in found]
        if missing:
            return f"{self._name} has no table {', '.join(missing)}; {MEND_TABLES}"
        return self._lost_file()

    def _lost_file(self) -> str | None:
        """On SQLite, an open file that was deleted or replaced works on, and is gone with this process."""
        if self._database.dialect != "sqlite":
            return None
        file = Path(self._database.read.url.database or "")
        try:
            inode = file.stat().st_ino
        except OSError as error:
            return f"its file {file} is gone ({error.strerror}); {MEND_FILE}"
        self._inode = self._inode or inode
        return None if inode == self._inode else f"its file {file} was replaced while it was open; {MEND_FILE}"

    @property
    def _name(self) -> str:
        url = self._database.read.url
        return f"the database {url.render_as_string(hide_password=True)}"


def reason_of(error: Exception) -> str:
    """What the driver says, in words that name the setting where it is one."""
    cause: BaseException = error.orig if isinstance(error, exc.DBAPIError) and error.orig else error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if (getattr(cause, "sqlstate", None) or "").startswith(REFUSED_LOGIN):
        return f"{cause}; see FLEXURA_DATABASE_URL and FLEXURA_DATABASE_PASSWORD_FILE"
    return str(cause) or type(cause).__name__
