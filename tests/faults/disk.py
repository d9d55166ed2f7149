"""A small disk for the store, in memory, that can be filled and that is gone with the processes that see it."""

import contextlib
import ctypes
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

BALLAST = "ballast"
BLOCK_BYTES = 1 << 20
TIMEOUT_S = 20
CLONE_NEWNS = 0x20000


@dataclass(frozen=True)
class SmallDisk:
    """Its folder, by way of a process that sees it."""

    pid: int
    folder: Path

    def fill(self) -> None:
        """Writes until nothing more fits."""
        with self._ballast.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while ballast.write(bytes(BLOCK_BYTES)):
                pass

    def empty(self) -> None:
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return Path(f"/proc/{self.pid}/root{self.folder}") / BALLAST


def mount_for_own_eyes(folder: Path, size_bytes: int) -> None:
    """Mounts it on the folder in a namespace of this process, so that nothing of it stays, however this one ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), f"unshare: {os.strerror(ctypes.get_errno())}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=700", "tmpfs", str(folder))


def why_missing() -> str:
    """Tries it in a process that ends with it; answers what stands in the way, nothing where nothing does."""
    with tempfile.TemporaryDirectory(prefix="flexura-disk-") as folder:
        tried = subprocess.run(
            [sys.executable, __file__, folder], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    return tried.stderr.strip().rpartition("\n")[2] if tried.returncode != 0 else ""


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise OSError(done.stderr.strip())


if __name__ == "__main__":
    mount_for_own_eyes(Path(sys.argv[1]), BLOCK_BYTES)
