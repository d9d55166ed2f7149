"""Whether the database can be used, asked again and again."""

import asyncio

from sqlalchemy import text

from flexura_kit.db.engines import Database
from flexura_kit.db.errors import translate_db_errors
from flexura_kit.errors import FlexuraError

INTERVAL_S = 2.0
TIMEOUT_S = 3.0


class DatabaseWatch:
    """A loop for the lifecycle, and the ready check that it feeds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._trouble: str | None = None

    def why_not_ready(self) -> str | None:
        return self._trouble

    async def run(self) -> None:
        while True:
            self._trouble = await self._ask()
            await asyncio.sleep(INTERVAL_S)

    async def _ask(self) -> str | None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                with translate_db_errors():
                    async with self._database.read.connect() as connection:
                        await connection.execute(text("SELECT 1"))
        except (FlexuraError, TimeoutError):
            return "it cannot be used at present"
        return None
