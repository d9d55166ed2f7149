"""The tables of accounts and API keys."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, Index, LargeBinary, MetaData, Table
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from flexura_auth.domain import DISPLAY_NAME_MAX, REQUEST_ID_MAX
from flexura_kit.db import clock_table

ID_LENGTH = 36  # `acc_` or `key_`, and 32 hexadecimal digits.
PREFIX_LENGTH = 12


class Moment(TypeDecorator[datetime]):
    """A time in UTC; SQLite keeps no zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class Row(SQLModel):
    """Metadata of this service alone, with names for constraints that a migration can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# The time of the service; ADR 20.
clock_table(Row.metadata)


class AccountRow(Row, table=True):
    __tablename__ = "accounts"

    account_id: str = Field(primary_key=True, max_length=ID_LENGTH)
    # Makes CreateAccount safe to repeat.
    request_id: str = Field(unique=True, max_length=REQUEST_ID_MAX)
    display_name: str = Field(max_length=DISPLAY_NAME_MAX)
    create_time: datetime = Field(sa_type=Moment)


class ApiKeyRow(Row, table=True):
    __tablename__ = "api_keys"
    # The list of an account's keys reads this backwards.
    __table_args__ = (Index(None, "account_id", "create_time", "key_id"),)

    key_id: str = Field(primary_key=True, max_length=ID_LENGTH)
    account_id: str = Field(foreign_key="accounts.account_id", max_length=ID_LENGTH)
    display_name: str = Field(max_length=DISPLAY_NAME_MAX)
    key_prefix: str = Field(max_length=PREFIX_LENGTH)
    # SHA-256 of the secret; the secret itself is nowhere.
    digest: bytes = Field(unique=True, sa_type=LargeBinary)
    create_time: datetime = Field(sa_type=Moment)
    revoke_time: datetime | None = Field(default=None, sa_type=Moment)
    expire_time: datetime | None = Field(default=None, sa_type=Moment)


accounts: Table = Row.metadata.tables["accounts"]
api_keys: Table = Row.metadata.tables["api_keys"]
