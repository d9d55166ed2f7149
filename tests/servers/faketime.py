"""A wall clock of one process that a test may set, by libfaketime."""

from pathlib import Path

import pytest

# Go programs ask the kernel for the time and not the C library: libfaketime does not reach nats-server and the store.
FAKED = ("auth", "search", "jobs", "media-worker", "edge", "webhooks")


def library() -> str:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        pytest.fail("setting clocks needs libfaketime (Debian: apt-get install faketime)")
    return str(found[0])


def on_clock(library: str, file: Path) -> dict[str, str]:
    """The environment of a process whose wall clock a file sets; it looks there once a second."""
    return {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DISABLE_SHM": "1",
        "NO_FAKE_STAT": "1",
    }


def set_clock(file: Path, offset_s: int) -> None:
    """Sets it so far from the true time, at once and whole."""
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{offset_s:+d}\n")
    fresh.chmod(0o644)
    fresh.replace(file)
