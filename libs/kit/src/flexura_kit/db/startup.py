"""Why a database cannot be used at the start, in a sentence that says what to mend."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from flexura_kit.db.engines import Database
from flexura_kit.db.errors import PASSING
from flexura_kit.db.write_faults import mend_of
from flexura_kit.errors import FlexuraError
from flexura_kit.startup import SettingsError, StartupError, os_fault

# Beginnings of SQLSTATE, and what they mean to an operator.
MEANINGS = {
    "28": "refuses the user or the password; see FLEXURA_DATABASE_URL and FLEXURA_DATABASE_PASSWORD_FILE",
    "3D000": "does not exist; create it, or name another in FLEXURA_DATABASE_URL",
    "42501": "does not let this user create its schema and tables; grant it CREATE on the database",
}

PASSING_CLASSES = {
    *("ConnectionDoesNotExistError", "DatabaseError", "InterfaceError", "OperationalError"),
    "TargetServerAttributeNotMatched",
}


@contextmanager
def startup_faults(database: Database) -> Iterator[None]:
    """Raises StartupError where a database cannot be reached, and SettingsError where it refuses us."""
    try:
        yield
    except StartupError:
        raise
    except Exception as error:
        # The driver's own error: what stands around it says nothing more.
        known = error.__cause__ if isinstance(error, FlexuraError) and error.__cause__ is not None else error
        cause = known.orig if isinstance(known, exc.DBAPIError) and known.orig is not None else known
        fault = fault_of(cause)
        if fault is None:
            raise
        raise type(fault)(f"the database {database.shown} {fault}") from error


def fault_of(error: BaseException) -> StartupError | None:
    """What an error of a driver says of the database; None where it says that we did something wrong."""
    if (mend := mend_of(error)) is not None:
        return StartupError(f"takes no writes: {error}; {mend}")
    state = str(getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None) or "")
    for beginning, meaning in MEANINGS.items():
        if state.startswith(beginning):
            return SettingsError(meaning)
    if state.startswith(PASSING):
        return StartupError(f"cannot be used at present: {error}")
    return fault_of_client(error)


def fault_of_client(error: BaseException) -> StartupError | None:
    """The same for errors that no server sent; the drivers' classes are told by name, so that none is imported."""
    name = type(error).__name__
    if isinstance(error, ssl.SSLError):
        return SettingsError(f"cannot be reached over TLS ({error.reason or error}); see sslmode and sslrootcert")
    if isinstance(error, TimeoutError) or name == "TimeoutError":
        return StartupError("does not answer; is the host of FLEXURA_DATABASE_URL right, and may it be reached?")
    if isinstance(error, OSError):
        hint = " and its sslmode" if "SSL" in str(error) else ""
        return StartupError(f"cannot be reached: {os_fault(error)}; see FLEXURA_DATABASE_URL{hint}")
    if "ClientConfigurationError" in {name, type(error.__cause__).__name__}:
        cause = str(error).partition(": ")[2] or error
        return SettingsError(f"cannot be used as FLEXURA_DATABASE_URL says: {cause}; sslrootcert names a file")
    if name in {
        "OperationalError",
        "DatabaseError",
        "ConnectionDoesNotExistError",
        "InterfaceError",
        "TargetServerAttributeNotMatched",
    }:
        return StartupError(f"cannot be opened: {str(error).partition(': ')[2] or error}; see FLEXURA_DATABASE_URL")
    return None
