"""What the person at the terminal sees, also when the terminal is gone."""

import io

from flexura_local.console import Console, try_it


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class _ClosedPipe(io.StringIO):
    def flush(self) -> None:
        raise BrokenPipeError


def test_colour_is_for_terminals_alone() -> None:
    file, terminal = io.StringIO(), _Terminal()
    for stream in (file, terminal):
        Console(stream).ready("nats", "nats://127.0.0.1:4222", 0.1)
    assert "\x1b[" not in file.getvalue()
    assert "\x1b[32m" in terminal.getvalue()


def test_closed_pipe_does_not_keep_it_from_working() -> None:
    Console(_ClosedPipe()).stopping()


def test_command_to_paste_names_the_place_and_the_key() -> None:
    command = try_it("http://localhost:3001", "fx_live_x")
    assert "http://localhost:3001/api/generate/image" in command
    assert "Bearer fx_live_x" in command


def test_the_key_is_shown_on_a_terminal_alone() -> None:
    file, terminal = io.StringIO(), _Terminal()
    for stream in (file, terminal):
        Console(stream).first_steps("http://localhost:3001", "fx_live_x", ".flexura/first key")
    assert "fx_live_x" in terminal.getvalue()
    assert "fx_live_x" not in file.getvalue()
    assert "Bearer $(cat '.flexura/first key')" in file.getvalue()
