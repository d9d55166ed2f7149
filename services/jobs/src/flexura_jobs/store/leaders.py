"""Who does what only one replica may do, by a lease on a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, bindparam, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from flexura_jobs.models import LEADERS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.statements import DOUBLE, NOW, TEXT, DialectName, time_in


@dataclass(frozen=True, slots=True)
class Leadership:
    """A wish to lead, or to go on leading, for so long."""

    role: str
    holder: str
    lease: timedelta


# Gives the lead up at once, so that the next replica need not wait for the lease to run out.
RESIGN = (
    update(LEADERS)
    .where(LEADERS.c.role == bindparam("role_"), LEADERS.c.holder == bindparam("holder_"))
    .values(expires_at=NOW)
)


class Leading:
    """Takes or keeps the lead where nobody else holds it."""

    def __init__(self, dialect: DialectName) -> None:
        upsert = (postgresql if dialect == "postgresql" else sqlite).insert(LEADERS)
        wanted = select(
            bindparam("role_", type_=TEXT),
            bindparam("holder_", type_=TEXT),
            time_in(bindparam("lease_s", type_=DOUBLE)),
        ).where(true())
        self._upsert = (
            upsert.from_select(["role", "holder", "expires_at"], wanted)
            .on_conflict_do_update(
                index_elements=[LEADERS.c.role],
                set_={"holder": upsert.excluded.holder, "expires_at": upsert.excluded.expires_at},
                where=(LEADERS.c.holder == upsert.excluded.holder) | (LEADERS.c.expires_at < NOW),
            )
            .returning(LEADERS.c.holder)
        )

    def run(self, connection: Connection, wishes: Sequence[Leadership], _events: list[NewEvent]) -> list[bool]:
        leads = []
        for wish in wishes:
            parameters = {"role_": wish.role, "holder_": wish.holder, "lease_s": wish.lease.total_seconds()}
            leads.append(connection.execute(self._upsert, parameters).first() is not None)
        return leads
