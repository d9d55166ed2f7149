"""What the errors of database drivers become."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from flexura_kit import log
from flexura_kit.errors import FlexuraError, Kind, Reason

# How PostgreSQL says that the moment is wrong and not the statement, as beginnings of its SQLSTATE: connection lost,
# idle too long in a transaction, rolled back for another's sake, out of resources, lock or statement timed out,
# shutting down or starting up.
PASSING = ("08", "25P03", "40", "53", "55P03", "57")

# A migration has changed a table under a connection that had a plan for it; the same statement works the next time.
STALE_PLAN = "InvalidCachedStatementError"

logger = log.get_logger()


@contextmanager
def translate_db_errors() -> Iterator[None]:
    """Turns trouble with the database into BUSY; what a statement did wrong stays an error of ours."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError, OSError) as error:
        raise busy(error) from error
    except exc.DBAPIError as error:
        if error.connection_invalidated or is_passing(error):
            raise busy(error) from error
        raise


def is_passing(error: exc.DBAPIError) -> bool:
    if type(error.orig).__name__ == STALE_PLAN:
        return True
    sqlstate = getattr(error.orig, "sqlstate", None) or ""
    return sqlstate.startswith(PASSING)


def busy(error: Exception) -> FlexuraError:
    # Said here, since callers learn no more than that it is busy; without the statement, which says nothing about it.
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    logger.warning("database_failed", error=f"{type(cause).__name__}: {cause}")
    return FlexuraError(
        Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "the database cannot be used at present", service="database"
    )
