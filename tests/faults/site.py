"""Runs everything as `make run` does, but for the worker's way to the broker, jobs' database and the store's disk."""

import asyncio
import dataclasses
import os
import sys

import disk

from flexura_kit.settings import load
from flexura_local.__main__ import public_hosts
from flexura_local.console import Console
from flexura_local.home import Home
from flexura_local.parts import Part, Plan, plan
from flexura_local.settings import LocalSettings
from flexura_local.supervisor import Supervisor

# Read here and not by LocalSettings: `make run` has no such settings, on purpose.
DISK_BYTES = "FAULTS_STORE_DISK_BYTES"
JOBS_DATABASE = {
    "FLEXURA_DATABASE_URL": "FAULTS_JOBS_DATABASE_URL",
    "FLEXURA_DATABASE_PASSWORD_FILE": "FAULTS_JOBS_DATABASE_PASSWORD_FILE",
}
LED_ELSEWHERE = {
    "media-worker": {"FLEXURA_NATS_URL": "FAULTS_WORKER_NATS_URL"},
    "jobs": JOBS_DATABASE,
    "webhooks": JOBS_DATABASE,
}


def main() -> None:
    settings = load(LocalSettings)
    home = Home(settings.home)
    with home.held():
        if DISK_BYTES in os.environ:
            disk.mount_for_own_eyes(home.folder / "s3", int(os.environ[DISK_BYTES]))
        planned = plan(settings, home, public_hosts(settings))
        asyncio.run(Supervisor(home, led_elsewhere(planned), Console()).run())


def led_elsewhere(planned: Plan) -> Plan:
    stages = tuple(tuple(map(redirected, stage)) for stage in planned.stages)
    return dataclasses.replace(planned, stages=stages)


def redirected(part: Part) -> Part:
    other = {name: os.environ[ours] for name, ours in LED_ELSEWHERE.get(part.name, {}).items() if ours in os.environ}
    # The sources under test, where they are not those that are installed.
    path = {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
    return dataclasses.replace(part, settings=part.settings | other | path)


if __name__ == "__main__":
    sys.exit(main())
