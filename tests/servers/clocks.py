"""Runs everything as `make run` does, each of our own parts on a wall clock that a test may set."""

import asyncio
import dataclasses
import os
import sys
from pathlib import Path

from faketime import FAKED, on_clock

from flexura_kit.settings import load
from flexura_local.__main__ import public_hosts
from flexura_local.console import Console
from flexura_local.home import Home
from flexura_local.parts import Part, plan
from flexura_local.settings import LocalSettings
from flexura_local.supervisor import Supervisor

LIBRARY = "CLOCKS_LIBRARY"
# libfaketime 0.9.10 makes `time.sleep` fail from Python 3.11 on (EINVAL): threads sleep here as before that version.
# What a part starts itself computes and decides nothing: it has the true clock.
ALONE = """
import os, runpy, select, sys, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
del os.environ["LD_PRELOAD"]
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""
FOLDER = "CLOCKS_FOLDER"


def main() -> None:
    settings = load(LocalSettings)
    home = Home(settings.home)
    with home.held():
        planned = plan(settings, home, public_hosts(settings))
        stages = tuple(tuple(map(faked, stage)) for stage in planned.stages)
        asyncio.run(Supervisor(home, dataclasses.replace(planned, stages=stages), Console()).run())


def faked(part: Part) -> Part:
    if part.name not in FAKED:
        return part
    path = {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
    command = [sys.executable, "-c", ALONE, part.command[-1]]
    return dataclasses.replace(part, command=command, settings=part.settings | clock_of(part.name) | path)


def clock_of(name: str) -> dict[str, str]:
    return on_clock(os.environ[LIBRARY], Path(os.environ[FOLDER]) / name)


if __name__ == "__main__":
    sys.exit(main())
