"""What both databases say in their own way: rows out of a parameter, and the time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    FromClause,
    Integer,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    types,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

from flexura_jobs.domain.jobs import JobState
from flexura_jobs.models import JOBS, UTCTime
from flexura_kit.clock import steady
from flexura_kit.ids import JobId

DialectName = Literal["sqlite", "postgresql"]

Kind = types.TypeEngine[Any]

TEXT: Kind = Text()
INTEGER: Kind = Integer()
BIGINT: Kind = BigInteger()
DOUBLE: Kind = Double()
BOOLEAN: Kind = Boolean()

# Written out, not bound: a partial index is used only where the statement itself shows its condition.
QUEUED = literal_column("'queued'", TEXT)
PROCESSING = literal_column("'processing'", TEXT)
COMPLETED = literal_column("'completed'", TEXT)
FAILED = literal_column("'failed'", TEXT)
LITERALS = {
    JobState.QUEUED: QUEUED,
    JobState.PROCESSING: PROCESSING,
    JobState.COMPLETED: COMPLETED,
    JobState.FAILED: FAILED,
}

ONE = literal_column("1", INTEGER)
NO_TEXT = literal_column("''", TEXT)

IS_QUEUED = JOBS.c.state == QUEUED
IS_PROCESSING = JOBS.c.state == PROCESSING
IS_WAITING = IS_QUEUED & JOBS.c.dispatched_at.is_(None)
IS_HINTED = IS_QUEUED & JOBS.c.dispatched_at.is_not(None)
IS_UNFINISHED = JOBS.c.state.in_([QUEUED, PROCESSING])


class SteadyTime(FunctionElement[Any]):
    """The time of the service, so many seconds from now: one for all replicas, which no step of a clock reaches."""

    name = "steady_time"
    type = UTCTime()
    inherit_cache = True


@compiles(SteadyTime, "sqlite")
def sqlite_time(element: SteadyTime, compiler: SQLCompiler, **options: Any) -> str:
    now, seconds = (compiler.process(part, **options) for part in element.clauses)
    # The format in which SQLAlchemy keeps times, so that they compare as text.
    return f"strftime('%Y-%m-%d %H:%M:%f000', {now}, ({seconds}) || ' seconds')"


@compiles(SteadyTime, "postgresql")
def postgresql_time(element: SteadyTime, compiler: SQLCompiler, **options: Any) -> str:
    now, seconds = (compiler.process(part, **options) for part in element.clauses)
    return f"(CAST({now} AS TIMESTAMP WITH TIME ZONE) + make_interval(secs => {seconds}))"


# Asked for at each execution of a statement, and once in it.
STEADY_NOW = bindparam("steady_now", callable_=steady.now, type_=UTCTime())


def time_in(seconds: ColumnElement[float] | float) -> ColumnElement[Any]:
    return SteadyTime(STEADY_NOW, cast(seconds, DOUBLE))


NOW = time_in(literal_column("0", DOUBLE))


def items_table(dialect: DialectName, **columns: Kind) -> FromClause:
    """Reads the parameter `items` as a table, so that a statement stays the same for any number of rows."""
    items = bindparam("items", type_=TEXT)
    if dialect == "postgresql":
        record = func.jsonb_to_recordset(cast(items, JSONB))
        return record.table_valued(*(column(name, kind) for name, kind in columns.items())).render_derived(
            name="item", with_types=True
        )
    each = func.json_each(items).table_valued("value")
    values = (func.json_extract(each.c.value, f"$.{name}", type_=kind).label(name) for name, kind in columns.items())
    return select(*values).select_from(each).subquery("item")


def items(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The parameter that `items_table` reads."""
    return {"items": orjson.dumps(rows).decode()}


def job_ids_table(dialect: DialectName) -> FromClause:
    """Reads the parameter that `job_ids_parameter` writes; plain texts are read in half the time of objects."""
    given = bindparam("job_ids", type_=TEXT)
    if dialect == "postgresql":
        texts = func.jsonb_array_elements_text(cast(given, JSONB))
        return texts.table_valued(column("job_id", TEXT)).render_derived(name="item")
    each = func.json_each(given).table_valued("value")
    return select(each.c.value.label("job_id")).select_from(each).subquery("item")


def job_ids_parameter(job_ids: Iterable[JobId]) -> dict[str, str]:
    return {"job_ids": orjson.dumps(list(job_ids)).decode()}
