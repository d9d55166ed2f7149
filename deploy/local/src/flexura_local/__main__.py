"""`python -m flexura_local` runs everything; `stop` stops it, `status` says what runs from this installation."""

import asyncio
import os
import signal
import sys
import time

from flexura_kit.settings import load
from flexura_local.console import Console
from flexura_local.home import Home, HomeTakenError
from flexura_local.parts import plan, shown
from flexura_local.ports import is_free
from flexura_local.running import supervisors
from flexura_local.settings import LocalSettings
from flexura_local.supervisor import StartError, Supervisor

STOP_TIMEOUT_S = 30.0
STOP_POLL_S = 0.1
NOTHING_RUNS = 3  # As `systemctl status` and the init scripts of the LSB say it.


def main(arguments: list[str]) -> int:
    console = Console()
    if arguments == ["status"]:
        return status(console)
    settings = load(LocalSettings)
    home = Home(settings.home)
    match arguments:
        case []:
            return run(settings, home, console)
        case ["stop"]:
            return stop(home, console)
        case _:
            console.say("usage: python -m flexura_local [stop | status]")
            return 2


def run(settings: LocalSettings, home: Home, console: Console) -> int:
    """Runs everything until it is asked to stop."""
    try:
        with home.held():
            hosts = public_hosts(settings.port)
            console.opening(shown(home.folder))
            asyncio.run(Supervisor(home, plan(settings, home, hosts), console).run())
    except HomeTakenError as error:
        other = "FLEXURA_HOME=.flexura2 FLEXURA_PORT=3001 make run"
        console.failed(f"{error}.", f"Stop it with make stop, or run a second one beside it: {other}")
        return 1
    except (StartError, OSError) as error:
        console.failed(f"{error}.")
        return 1
    return 0


def stop(home: Home, console: Console) -> int:
    """Asks the supervisor of this home to stop and waits until it has."""
    process = home.holder()
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


def public_hosts(port: int) -> list[str]:
    """The loopback addresses of this machine, free on this port."""
    hosts = [host for host in ("127.0.0.1", "::1") if is_free(0, host)]
    for host in hosts:
        if not is_free(port, host):
            raise StartError(f"port {port} is taken on {host}. Choose another: FLEXURA_PORT={port + 1} make run")
    return hosts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
