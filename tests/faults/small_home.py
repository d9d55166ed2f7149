"""`make run` with its whole home, or one folder in there, on a small disk of its own."""

import os
import sys
from pathlib import Path

from disk import SmallDisk, mount_for_own_eyes

from flexura_local.__main__ import main

if __name__ == "__main__":
    home = Path(os.environ["FLEXURA_HOME"])
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = home / os.environ.pop("FAULTS_DISK_FOLDER")
    files_max = int(os.environ.pop("FAULTS_DISK_FILES", "0"))
    mount_for_own_eyes(folder, int(os.environ.pop("FAULTS_DISK_BYTES")), files_max)
    if os.environ.pop("FAULTS_DISK_IS_FULL", ""):
        SmallDisk("self", folder).fill()
    sys.exit(main([]))
