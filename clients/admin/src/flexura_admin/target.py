"""Where the auth service listens: on a cluster as a variable says, on one machine in the home."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

HOME_DEFAULT = ".flexura"


def auth_target(environment: Mapping[str, str]) -> str:
    """Answers `FLEXURA_AUTH_TARGET`, or else the socket below `FLEXURA_HOME`."""
    if target := environment.get("FLEXURA_AUTH_TARGET"):
        return target
    home = Path(environment.get("FLEXURA_HOME") or HOME_DEFAULT)
    with contextlib.suppress(RuntimeError):  # Of a user whom nobody knows: then no socket is there either.
        home = home.expanduser()
    # Resolved: where the home's path is too long for a socket, `run` is a link to a shorter folder.
    return f"unix:{(home / 'run').resolve() / 'auth.sock'}"
