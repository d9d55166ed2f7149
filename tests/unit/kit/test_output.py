"""Lines go out, or are dropped and counted; writing them never waits and never raises."""

import json
import os
import socket
from collections.abc import Iterator

import pytest

from flexura_kit.output import CHUNK_BYTES, LineOutput, output_of, text_over, write_where_there_is_room

LINE = b"x" * 99 + b"\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        try:
            os.close(descriptor)
        except OSError:
            continue


def read_all(reader: int) -> bytes:
    os.set_blocking(reader, False)
    parts = []
    while True:
        try:
            parts.append(os.read(reader, 1 << 20))
        except BlockingIOError:
            return b"".join(parts)


def test_lines_that_are_taken_arrive_as_they_are(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    output = LineOutput(writer)
    for number in range(5):
        output.write(b"%d\n" % number)
    assert read_all(reader) == b"0\n1\n2\n3\n4\n"
    assert output.dropped == 0


def test_reader_that_does_not_read_costs_lines_and_no_time_and_then_learns_how_many(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    output = LineOutput(writer, pending_bytes_max=10_000)
    for _ in range(5000):
        output.write(LINE)
    assert output.dropped > 0
    seen = read_all(reader)
    output.flush()
    seen += read_all(reader)
    output.write(b"after\n")
    seen += read_all(reader)
    lines = seen.splitlines(keepends=True)
    assert lines[-2:] == [f"{output.dropped} lines dropped\n".encode(), b"after\n"]
    assert set(lines[:-2]) == {LINE}
    assert len(lines) - 2 + output.dropped == 5000


def test_line_longer_than_the_pipe_is_whole_once_it_is_read(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    output = LineOutput(writer)
    long = b"y" * (200 << 10) + b"\n"
    output.write(long)
    output.write(LINE)
    seen = b""
    while len(seen) < len(long) + len(LINE):
        seen += read_all(reader)
        output.flush()
    assert seen == long + LINE
    assert output.dropped == 0


def test_full_disk_costs_lines_and_nothing_else() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    output = LineOutput(full, pending_bytes_max=1000)
    for _ in range(100):
        output.write(LINE)
    output.flush()
    assert output.dropped == 90
    os.close(full)


@pytest.mark.parametrize("goes_before", [True, False])
def test_reader_that_is_gone_costs_lines_and_nothing_else(pipe: tuple[int, int], *, goes_before: bool) -> None:
    reader, writer = pipe
    if goes_before:
        os.close(reader)
    output = LineOutput(writer, pending_bytes_max=0)
    if not goes_before:
        os.close(reader)
    output.write(LINE)
    output.flush()
    assert output.dropped >= 1


def test_socket_that_nobody_reads_does_not_stop_the_writer() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        output = LineOutput(ours.fileno(), pending_bytes_max=0)
        for _ in range(10_000):
            output.write(LINE)
        assert output.dropped > 0


def test_pipe_that_cannot_be_opened_once_more_is_asked_for_room_first(pipe: tuple[int, int]) -> None:
    _reader, writer = pipe
    written = 0
    while sent := write_where_there_is_room(writer, b"z" * CHUNK_BYTES):
        written += sent
    assert written >= CHUNK_BYTES


def test_writing_leaves_the_mode_of_a_shared_pipe_alone(pipe: tuple[int, int]) -> None:
    _reader, writer = pipe
    LineOutput(writer).write(LINE)
    assert os.get_blocking(writer)


def test_text_stream_over_it_never_raises() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    output = LineOutput(full, pending_bytes_max=0)
    stream = text_over(output, is_terminal=False)
    print("a line", file=stream, flush=True)
    stream.close()
    assert output.dropped == 1
    os.close(full)


def test_stream_without_a_descriptor_swallows_everything() -> None:
    output = output_of(None, lambda lines: json.dumps(lines).encode())
    output.write(LINE)
    assert output.dropped == 0
