"""The keys by which requests are known again."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, bindparam, case, delete, select, true, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from flexura_jobs.domain.jobs import NewJob
from flexura_jobs.domain.request_keys import RequestKey
from flexura_jobs.models import REQUEST_KEYS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.statements import DOUBLE, INTEGER, NOW, TEXT, DialectName, items, items_table, time_in
from flexura_kit.ids import AccountId, JobId

Identity = tuple[AccountId, str, str]

KEY_COLUMNS = (REQUEST_KEYS.c.account_id, REQUEST_KEYS.c.scope, REQUEST_KEYS.c.value)
IS_OVER = REQUEST_KEYS.c.expires_at <= NOW


class Keyed(NamedTuple):
    """A request with a key, and the job that the key is to stand for."""

    account_id: AccountId
    key: RequestKey
    job_id: JobId

    @property
    def identity(self) -> Identity:
        return self.account_id, self.key.scope, self.key.value


class Owner(NamedTuple):
    """The job that a key stands for, and what was asked for with it."""

    job_id: JobId
    fields_json: str


class Recognition:
    """Keeps the key of each request, and tells of one that is kept already which job it stands for."""

    def __init__(self, dialect: DialectName) -> None:
        new = items_table(dialect, account_id=TEXT, scope=TEXT, value=TEXT, job_id=TEXT, fields=TEXT, kept_s=DOUBLE)
        upsert = (
            (postgresql if dialect == "postgresql" else sqlite)
            .insert(REQUEST_KEYS)
            .from_select(
                ["account_id", "scope", "value", "job_id", "fields", "expires_at"],
                select(
                    new.c.account_id, new.c.scope, new.c.value, new.c.job_id, new.c.fields, time_in(new.c.kept_s)
                ).where(true()),
            )
        )
        self._keep = upsert.on_conflict_do_update(
            index_elements=KEY_COLUMNS,
            # One that is over is replaced; any other stays as it is, and is answered all the same.
            set_={
                name: case((IS_OVER, upsert.excluded[name]), else_=REQUEST_KEYS.c[name])
                for name in ("job_id", "fields", "expires_at")
            },
        ).returning(*KEY_COLUMNS, REQUEST_KEYS.c.job_id, REQUEST_KEYS.c.fields)
        asked = items_table(dialect, account_id=TEXT, scope=TEXT, value=TEXT, job_id=TEXT)
        self._find = (
            select(*KEY_COLUMNS, REQUEST_KEYS.c.job_id, REQUEST_KEYS.c.fields)
            .join_from(asked, REQUEST_KEYS, is_same_key(asked))
            .where(REQUEST_KEYS.c.expires_at > NOW)
        )
        self._give_up = delete(REQUEST_KEYS).where(
            tuple_(*KEY_COLUMNS, REQUEST_KEYS.c.job_id).in_(
                select(asked.c.account_id, asked.c.scope, asked.c.value, asked.c.job_id)
            )
        )

    def keep(self, connection: Connection, asked: Iterable[Keyed]) -> dict[Identity, Owner]:
        """Answers the job of each key: of the first request here that has it, unless it had one before."""
        rows = key_rows(asked)
        return owners(connection.execute(self._keep, items(rows))) if rows else {}

    def find(self, connection: Connection, asked: Iterable[Keyed]) -> dict[Identity, Owner]:
        """Answers the jobs of those keys that are kept."""
        rows = key_rows(asked)
        return owners(connection.execute(self._find, items(rows))) if rows else {}

    def give_up(self, connection: Connection, asked: Iterable[Keyed]) -> None:
        """Forgets keys that stand for jobs which did not come to be."""
        rows = key_rows(asked)
        if rows:
            connection.execute(self._give_up, items(rows))


class ForgettingKeys:
    """Removes keys that are over."""

    def __init__(self) -> None:
        over = (
            select(*KEY_COLUMNS)
            .where(IS_OVER)
            .limit(bindparam("limit_", type_=INTEGER))
            .with_for_update(skip_locked=True)
        )
        self._delete = delete(REQUEST_KEYS).where(tuple_(*KEY_COLUMNS).in_(over)).returning(REQUEST_KEYS.c.job_id)

    def run(self, connection: Connection, limits: Sequence[int], _events: list[NewEvent]) -> list[int]:
        forgotten = connection.execute(self._delete, {"limit_": max(limits)}).all()
        return [len(forgotten) for _ in limits]


def is_same_key(asked: FromClause) -> ColumnElement[bool]:
    return (
        (REQUEST_KEYS.c.account_id == asked.c.account_id)
        & (REQUEST_KEYS.c.scope == asked.c.scope)
        & (REQUEST_KEYS.c.value == asked.c.value)
    )


def keyed(jobs: Iterable[NewJob]) -> list[Keyed]:
    return [Keyed(job.account_id, job.request_key, job.job_id) for job in jobs if job.request_key is not None]


def key_rows(asked: Iterable[Keyed]) -> list[dict[str, object]]:
    """One for each key, of the first request that has it, in an order in which no two writers block each other."""
    first: dict[Identity, Keyed] = {}
    for request in asked:
        first.setdefault(request.identity, request)
    return [key_row(first[identity]) for identity in sorted(first)]


def key_row(request: Keyed) -> dict[str, object]:
    return {
        "account_id": request.account_id,
        "scope": request.key.scope,
        "value": request.key.value,
        "job_id": request.job_id,
        "fields": request.key.fields_json,
        "kept_s": request.key.kept.total_seconds(),
    }


def owners(rows: Iterable[Sequence[str]]) -> dict[Identity, Owner]:
    return {
        (AccountId(account_id), scope, value): Owner(JobId(job_id), fields_json)
        for account_id, scope, value, job_id, fields_json in rows
    }
