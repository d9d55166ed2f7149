"""`make run` whose whole home lies on a small disk of its own."""

import os
import sys
from pathlib import Path

from disk import mount_for_own_eyes

from flexura_local.__main__ import main

if __name__ == "__main__":
    home = Path(os.environ["FLEXURA_HOME"])
    mount_for_own_eyes(home, int(os.environ.pop("FAULTS_HOME_DISK_BYTES")))
    sys.exit(main([]))
