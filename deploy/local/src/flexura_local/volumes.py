"""Volumes of SeaweedFS after a power cut: index and data are cut back to what both of them have.

The store takes nothing more into a volume where one is longer than the other. What only one of them has was never
confirmed: an upload counts when both are on disk.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

ENTRY_BYTES = 17  # Of a build for large disks: key 8, offset 5, size 4.
OFFSET_UNIT_BYTES = 8
HEADER_BYTES, TAIL_BYTES = 16, 12  # Of a record: cookie, key and size before its content; checksum and time after it.
DELETED = 0xFFFF_FFFF
LOOK_BACK_ENTRIES = 10_000


@dataclass(frozen=True)
class Entry:
    """One line of an index, and where it ends in there."""

    key: bytes
    offset: int
    size: int
    index_end: int

    @property
    def data_end(self) -> int:
        record = HEADER_BYTES + self.size + TAIL_BYTES
        # Padded to whole units, and never by nothing.
        return self.offset + record + OFFSET_UNIT_BYTES - record % OFFSET_UNIT_BYTES


def repair_volumes(folder: Path) -> None:
    for index in folder.glob("*.idx"):
        data = index.with_suffix(".dat")
        if data.exists():
            with index.open("r+b") as index_stream, data.open("r+b") as data_stream:
                repair_volume(index_stream, data_stream)


def repair_volume(index: BinaryIO, data: BinaryIO) -> None:
    """Leaves both as they are where no entry near the end points at its own record: then it is not ours to judge."""
    data_bytes = data.seek(0, os.SEEK_END)
    for entry in entries_backwards(index):
        if entry.data_end <= data_bytes and points_at_its_record(entry, data):
            cut(index, entry.index_end)
            cut(data, entry.data_end)
            return


def entries_backwards(index: BinaryIO) -> Iterator[Entry]:
    whole = index.seek(0, os.SEEK_END) // ENTRY_BYTES
    for number in range(whole - 1, max(whole - LOOK_BACK_ENTRIES, 0) - 1, -1):
        index.seek(number * ENTRY_BYTES)
        line = index.read(ENTRY_BYTES)
        size = int.from_bytes(line[13:17], "big")
        yield Entry(
            key=line[:8],
            # The highest of its five bytes comes last.
            offset=int.from_bytes(line[12:13] + line[8:12], "big") * OFFSET_UNIT_BYTES,
            size=0 if size == DELETED else size,
            index_end=(number + 1) * ENTRY_BYTES,
        )


def points_at_its_record(entry: Entry, data: BinaryIO) -> bool:
    data.seek(entry.offset)
    header = data.read(HEADER_BYTES)
    return header[4:12] == entry.key and int.from_bytes(header[12:16], "big") == entry.size


def cut(stream: BinaryIO, size: int) -> None:
    if stream.seek(0, os.SEEK_END) > size:
        stream.truncate(size)
        os.fsync(stream.fileno())
