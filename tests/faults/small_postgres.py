"""Runs a PostgreSQL whose data lies on a small disk of its own, and starts it again as often as it ends."""

import subprocess
import sys
import time
from pathlib import Path

from disk import beside, mount_for_own_eyes

PAUSE_S = 0.5
TIMEOUT_S = 60


def main(size_bytes: int, user_id: int, data: Path, command: list[str]) -> None:
    small = beside(data)
    mount_for_own_eyes(small, size_bytes)
    # With their owner and their rights, for which PostgreSQL looks.
    subprocess.run(["/bin/cp", "-a", f"{data}/.", str(small)], check=True, timeout=TIMEOUT_S)
    command = [str(small) if part == str(data) else part for part in command]
    while True:
        subprocess.run(command, check=False, user=user_id, group=user_id, extra_groups=[])
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
