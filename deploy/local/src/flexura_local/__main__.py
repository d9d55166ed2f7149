"""`python -m flexura_local` runs everything; `stop` stops it, `status` says what runs from this installation."""

import signal

if __name__ == "__main__":
    # First of all: an interruption while the rest is imported ends us in silence.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # The Makefile holds it back up to here, where Python would show how far its own start is.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

import asyncio
import errno
import itertools
import os
import shlex
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from flexura_kit.settings import read
from flexura_kit.startup import SettingsError, open_closed_standards, os_fault
from flexura_local.checks import check_parts, check_ports, own_settings
from flexura_local.console import Console
from flexura_local.home import Home, HomeTakenError, HomeUnusableError
from flexura_local.parts import plan, shown
from flexura_local.ports import is_free, who_listens, why_not_free
from flexura_local.room import FULL, NoRoomError, no_room, refuse_full_disks, why_no_logs
from flexura_local.running import supervisors
from flexura_local.settings import HomeSettings, LocalSettings
from flexura_local.small_files import DamagedFileError
from flexura_local.supervisor import StartError, Supervisor

PORT_MIN, PORT_MAX = 1024, 65_535
STOP_TIMEOUT_S = 30.0
STOP_POLL_S = 0.1
INTERRUPTED = 130  # As shells report it.
NOTHING_RUNS = 3  # As `systemctl status` and the init scripts of the LSB say it.


def main(arguments: list[str]) -> int:
    open_closed_standards()
    console = Console()
    if arguments == ["status"]:
        return status(console)
    if arguments not in ([], ["stop"]):
        console.say("usage: python -m flexura_local [stop | status]")
        return 2
    try:
        if arguments == ["stop"]:
            # Whatever else is wrong with the settings, what runs can be stopped.
            return stop(Home(read(HomeSettings, only(os.environ, "FLEXURA_HOME")).home), console)
        settings = own_settings()
        return run(settings, Home(settings.home), console)
    except SettingsError as error:
        lines = str(error).splitlines()
        if arguments == ["stop"]:
            console.say("\n  ".join(lines))
        else:
            console.failed("\n  ".join(f"{line.rstrip('.')}." for line in lines))
        return 1


def only(environment: Mapping[str, str], name: str) -> dict[str, str]:
    return {name: environment[name]} if name in environment else {}


def run(settings: LocalSettings, home: Home, console: Console) -> int:
    """Runs everything until it is asked to stop."""
    try:
        with home.held():
            refuse_full_disks(home.folder)
            hosts = public_hosts(settings)
            console.opening(shown(home.folder))
            everything = plan(settings, home, hosts)
            check_parts(everything, settings)
            check_ports(everything, settings)
            for notice in [*home.notices, *filter(None, [why_no_logs(home.folder)])]:
                console.warned(notice)
            asyncio.run(Supervisor(home, everything, console).run())
    except HomeTakenError as error:
        port = port_from(settings.port + 1)
        other = f"FLEXURA_HOME={beside(settings.home)} FLEXURA_PORT={port} make run"
        console.failed(
            f"{error}.", f"Stop it with {command(settings, 'make stop')}, or run a second one beside it: {other}"
        )
        return 1
    except HomeUnusableError as error:
        console.failed(
            f"{error}.", "Name a folder that is yours and is empty, or is not there: FLEXURA_HOME=~/flexura make run"
        )
        return 1
    except (StartError, DamagedFileError, NoRoomError, OSError) as error:
        console.failed(f"{sentence(error, home).rstrip('.')}.")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def sentence(error: Exception, home: Home) -> str:
    """Why it did not start, and what to do."""
    if not isinstance(error, OSError):
        return str(error)
    return str(no_room(home.folder, error)) if error.errno in FULL else os_fault(error)


def stop(home: Home, console: Console) -> int:
    """Asks the supervisor of this home to stop and waits until it has."""
    try:
        process = home.holder()
    except OSError as error:
        console.say(f"the home {shown(home.folder)} cannot be looked into: {os_fault(error)}")
        return 1
    if process is None:
        console.say(f"nothing runs on {shown(home.folder)}")
        return 0
    os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while home.holder() == process:
        if time.monotonic() > deadline:
            console.say(f"process {process} does not stop; kill -9 {process} ends it and all that it started")
            return 1
        time.sleep(STOP_POLL_S)
    console.say(f"stopped what ran on {shown(home.folder)}")
    return 0


def status(console: Console) -> int:
    """Names each supervisor that runs from this virtual environment; 0 where there is one, 3 where there is none."""
    running = list(supervisors(sys.prefix))
    for process, home in running:
        console.say(f"process {process} runs Flexura on {shown(home)}")
    return 0 if running else NOTHING_RUNS


def public_hosts(settings: LocalSettings) -> list[str]:
    """The loopback addresses of this machine, free on this port."""
    hosts = [host for host in ("127.0.0.1", "::1") if is_free(0, host)]
    for host in hosts:
        error = why_not_free(settings.port, host)
        if error is None:
            continue
        listener = who_listens(settings.port)
        by = f" by {listener}" if listener else ""
        how = (
            f"taken on {host}{by}" if error.errno == errno.EADDRINUSE else f"not to be had on {host}: {error.strerror}"
        )
        free = command(settings, f"FLEXURA_PORT={port_from(max(settings.port + 1, PORT_MIN))} make run")
        raise StartError(f"port {settings.port} is {how}. Choose another: {free}")
    return hosts


def port_from(lowest: int) -> int:
    """The first port from there on that is free on every loopback address."""
    hosts = [host for host in ("127.0.0.1", "::1") if is_free(0, host)]
    candidates = [*range(lowest, PORT_MAX + 1), *range(PORT_MIN, lowest)]
    return next((port for port in candidates if all(is_free(port, host) for host in hosts)), lowest)


def command(settings: LocalSettings, rest: str) -> str:
    """A command to paste, on the same home as this one."""
    is_usual = settings.home == LocalSettings.model_fields["home"].default
    return rest if is_usual else f"FLEXURA_HOME={shlex.quote(str(settings.home))} {rest}"


def beside(home: Path) -> str:
    """A home next to this one that is not there."""
    numbered = (home.with_name(f"{home.name}{number}") for number in itertools.count(2))
    return shlex.quote(str(next(folder for folder in numbered if not folder.exists())))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
