"""A small disk in memory that can be filled and that is gone with the processes that see it."""

import contextlib
import ctypes
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

BALLAST = "ballast"
BLOCK_BYTES = 1 << 20
TIMEOUT_S = 20
CLONE_NEWNS = 0x20000
CLONE_NEWUSER = 0x10000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
HOW_TO_HAVE_ONE = (
    "a small disk needs root, or namespaces of users for others (sysctl kernel.unprivileged_userns_clone=1); in a"
    " container, the capability SYS_ADMIN"
)


@dataclass(frozen=True)
class SmallDisk:
    """Its folder, by way of a process that sees it."""

    pid: int | str
    folder: Path

    def fill(self) -> None:
        """Writes until nothing more fits."""
        with self._ballast.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while ballast.write(bytes(BLOCK_BYTES)):
                pass

    def fill_with_files(self) -> None:
        """Makes empty files until there can be no more, whatever room there is."""
        self._files.mkdir()
        with contextlib.suppress(OSError):
            for number in itertools.count():
                (self._files / str(number)).touch()

    def empty(self) -> None:
        self._ballast.unlink(missing_ok=True)
        shutil.rmtree(self._files, ignore_errors=True)

    @property
    def _ballast(self) -> Path:
        return Path(f"/proc/{self.pid}/root{self.folder}") / BALLAST

    @property
    def _files(self) -> Path:
        return self._ballast.with_name("files")


def beside(folder: Path) -> Path:
    """Where the small disk of a folder is that has content already."""
    return folder.with_name(f"{folder.name}-small")


def mount_for_own_eyes(folder: Path, size_bytes: int, files_max: int = 0) -> None:
    """Mounts it on the folder in a namespace of this process, so that nothing of it stays, however this one ends."""
    enter_own_namespace()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mount("none", Path("/"), "", MS_REC | MS_PRIVATE)
    mount("tmpfs", folder, "tmpfs", options=f"size={size_bytes},nr_inodes={files_max},mode=700")


def enter_own_namespace() -> None:
    """Gives this process a view of the disks of its own; who is not root also needs a namespace of users for that."""
    user_id, group_id = os.geteuid(), os.getegid()
    try:
        system_call("unshare", CLONE_NEWNS)
    except PermissionError:
        system_call("unshare", CLONE_NEWNS | CLONE_NEWUSER)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user_id} {user_id} 1")
        Path("/proc/self/gid_map").write_text(f"{group_id} {group_id} 1")


def mount(source: str, folder: Path, kind: str, flags: int = 0, options: str = "") -> None:
    # Not by the program of that name: who is not root loses the right to it when another program begins.
    system_call("mount", source.encode(), os.fsencode(folder), kind.encode(), ctypes.c_ulong(flags), options.encode())


def system_call(name: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def why_missing() -> str:
    """Tries it in a process that ends with it; answers what stands in the way, nothing where nothing does."""
    with tempfile.TemporaryDirectory(prefix="flexura-disk-") as folder:
        tried = subprocess.run(
            [sys.executable, __file__, folder], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    why = tried.stderr.strip().rpartition("\n")[2]
    return f"{why}; {HOW_TO_HAVE_ONE}" if tried.returncode != 0 else ""


if __name__ == "__main__":
    mount_for_own_eyes(Path(sys.argv[1]), BLOCK_BYTES)
