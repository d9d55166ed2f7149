"""A disk of its own, as a loop device with ext4, whose power can be cut: what was not written out is gone."""

import fcntl
import os
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

EXT4_IOC_SHUTDOWN = 0x8004587D
GOING_FLAGS_NOLOGFLUSH = 2  # Neither data nor the journal are flushed, as when the power goes.
SIZE_BYTES_MIN = 16 << 20
TIMEOUT_S = 30.0
POLL_S = 0.1
HOW_TO_HAVE_ONE = (
    "a power cut needs root, loop devices, losetup and mkfs.ext4 (Debian: apt-get install e2fsprogs mount)"
)


@dataclass(frozen=True)
class LoopDisk:
    """An ext4 on a loop device, mounted on a folder."""

    device: str
    folder: Path

    def mount(self) -> None:
        run("mount", self.device, str(self.folder))

    def cut(self) -> None:
        """From now on every access fails; after the next mount there is only what was written out."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack("I", GOING_FLAGS_NOLOGFLUSH))
        finally:
            os.close(descriptor)

    def unmount(self) -> None:
        """Waits for the last process that has a file open there."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                return run("umount", str(self.folder))
            except OSError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(POLL_S)


@contextmanager
def loop_disk(image: Path, folder: Path, size_bytes: int) -> Iterator[LoopDisk]:
    """Makes one and mounts it on the folder; it is gone at the end."""
    with image.open("wb") as stream:
        stream.truncate(size_bytes)
    run("mkfs.ext4", "-q", "-F", str(image))
    folder.mkdir(parents=True, exist_ok=True)
    disk = LoopDisk(run("losetup", "--find", "--show", str(image)), folder)
    try:
        disk.mount()
        try:
            yield disk
        finally:
            if folder.is_mount():
                disk.unmount()
    finally:
        run("losetup", "--detach", disk.device)
        image.unlink()


def why_missing() -> str:
    """Tries it; answers what stands in the way, nothing where nothing does."""
    with tempfile.TemporaryDirectory(prefix="flexura-power-") as name:
        folder = Path(name)
        try:
            with loop_disk(folder / "image", folder / "disk", SIZE_BYTES_MIN) as disk:
                disk.cut()
                disk.unmount()
        except OSError as error:
            return f"{error}; {HOW_TO_HAVE_ONE}"
    return ""


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise OSError(f"{command[0]}: {done.stderr.strip()}")
    return done.stdout.strip()
