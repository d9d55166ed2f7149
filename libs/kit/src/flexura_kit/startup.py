"""Why a process cannot start, as a sentence for the person who started it."""

import os
from enum import IntEnum

STANDARD_ERROR = 2


class ExitStatus(IntEnum):
    """With which status a process ends that could not start."""

    UNAVAILABLE = 1
    """Something outside is missing at present; the same start may succeed later."""
    WRONG_SETTINGS = 2
    """Nothing but another setting, or another version, helps. Shells report wrong usage with the same number."""


class StartupError(Exception):
    """The process cannot start. The message says what is wrong and how to mend it; no traceback is printed."""

    status = ExitStatus.UNAVAILABLE


class SettingsError(StartupError):
    """The process cannot start as it is set up; each line of the message names what to mend."""

    status = ExitStatus.WRONG_SETTINGS


def open_closed_standards() -> None:
    """Opens /dev/null where standard input, output or error is closed.

    Else the next file or socket would get that number, and a child process would write its log lines to it.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STANDARD_ERROR:
        os.set_inheritable(descriptor, True)  # As standards are.
    os.close(descriptor)


def os_fault(error: OSError) -> str:
    """Says what the system refused, and for which file or address."""
    reason = error.strerror or str(error) or type(error).__name__
    names = [str(name) for name in (error.filename, error.filename2) if name is not None]
    return f"{' and '.join(names)}: {reason}" if names else reason
