"""Runs the media worker with its spool on a small disk of its own, which can be filled."""

import os
import sys
from pathlib import Path

from faults import disk

SPOOL_BYTES = 24 << 20

if __name__ == "__main__":
    disk.mount_for_own_eyes(Path(os.environ["FLEXURA_SPOOL_DIR"]), SPOOL_BYTES)
    os.execv(sys.executable, [sys.executable, "-m", "flexura_media_worker"])  # noqa: S606 - our own module.
