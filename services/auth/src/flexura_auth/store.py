"""Accounts and keys in SQLite or PostgreSQL."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, Row, Table, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from flexura_auth.domain import Account, ApiKey, Place
from flexura_auth.models import accounts, api_keys
from flexura_kit.db import Database, translate_db_errors
from flexura_kit.ids import AccountId, KeyId

# The fields of ApiKey, in their order.
KEY_COLUMNS = (
    api_keys.c.key_id,
    api_keys.c.account_id,
    api_keys.c.display_name,
    api_keys.c.key_prefix,
    api_keys.c.create_time,
    api_keys.c.revoke_time,
    api_keys.c.expire_time,
)
# What a list of keys is sorted by.
NEWNESS = (api_keys.c.create_time, api_keys.c.key_id)
ACCOUNT_COLUMNS = (accounts.c.account_id, accounts.c.display_name, accounts.c.create_time)


Columns = Row[*tuple[Any, ...]]

# Only their INSERT knows ON CONFLICT.
INSERTS: dict[str, Callable[[Table], Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


class SQLKeyStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def begin(self) -> AsyncIterator["SQLTransaction"]:
        with translate_db_errors():
            async with self._database.write.begin() as connection:
                yield SQLTransaction(connection)

    async def keys_of_digests(self, digests: Sequence[bytes]) -> Mapping[bytes, ApiKey]:
        query = select(api_keys.c.digest, *KEY_COLUMNS).where(api_keys.c.digest.in_(digests))
        return {row[0]: ApiKey(*row[1:]) for row in await self._read(query)}

    async def keys_after(self, account_id: AccountId, place: Place | None, limit: int) -> Sequence[ApiKey]:
        query = select(*KEY_COLUMNS).where(api_keys.c.account_id == account_id)
        if place is not None:
            query = query.where(tuple_(*NEWNESS) < (place.create_time, place.key_id))
        newest_first = (column.desc() for column in NEWNESS)
        return [ApiKey(*row) for row in await self._read(query.order_by(*newest_first).limit(limit))]

    async def _read(self, query: Executable) -> Sequence[Columns]:
        with translate_db_errors():
            async with self._database.read.connect() as connection:
                return (await connection.execute(query)).all()


class SQLTransaction:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def account_of_request(self, request_id: str, account: Account) -> Account:
        values = {
            "account_id": account.account_id,
            "request_id": request_id,
            "display_name": account.display_name,
            "create_time": account.create_time,
        }
        insert_new = INSERTS[self._connection.dialect.name](accounts).values(values)
        if await self._row(insert_new.on_conflict_do_nothing().returning(accounts.c.account_id)):
            return account
        # A statement of its own: only a later one sees what a concurrent call has committed meanwhile.
        first = select(*ACCOUNT_COLUMNS).where(accounts.c.request_id == request_id)
        return Account(*(await self._connection.execute(first)).one())

    async def lock_account(self, account_id: AccountId) -> bool:
        # SQLite has no row locks and needs none: its write transactions come one after the other.
        query = select(accounts.c.account_id).where(accounts.c.account_id == account_id).with_for_update()
        return await self._row(query) is not None

    async def count_working_keys(self, account_id: AccountId, moment: datetime) -> int:
        unexpired = or_(api_keys.c.expire_time.is_(None), api_keys.c.expire_time > moment)
        working = (api_keys.c.account_id == account_id, api_keys.c.revoke_time.is_(None), unexpired)
        return await self._connection.scalar(select(func.count()).where(*working)) or 0

    async def insert_key(self, key: ApiKey, digest: bytes) -> None:
        await self._connection.execute(insert(api_keys).values(digest=digest, **asdict(key)))

    async def key(self, account_id: AccountId, key_id: KeyId) -> ApiKey | None:
        return await self._key(select(*KEY_COLUMNS).where(*_owned(account_id, key_id)))

    async def expire_unrevoked(self, key_id: KeyId, expiry: datetime) -> bool:
        unrevoked = (api_keys.c.key_id == key_id, api_keys.c.revoke_time.is_(None))
        change = update(api_keys).where(*unrevoked).values(expire_time=expiry)
        return await self._row(change.returning(api_keys.c.key_id)) is not None

    async def revoke_key(self, account_id: AccountId, key_id: KeyId, moment: datetime) -> ApiKey | None:
        # The first revocation counts: a repeat changes nothing.
        since = func.coalesce(api_keys.c.revoke_time, moment)
        change = update(api_keys).where(*_owned(account_id, key_id)).values(revoke_time=since)
        return await self._key(change.returning(*KEY_COLUMNS))

    async def _key(self, statement: Executable) -> ApiKey | None:
        row = await self._row(statement)
        return None if row is None else ApiKey(*row)

    async def _row(self, statement: Executable) -> Columns | None:
        return (await self._connection.execute(statement)).one_or_none()


def _owned(account_id: AccountId, key_id: KeyId) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return api_keys.c.account_id == account_id, api_keys.c.key_id == key_id
