"""What the person at the terminal sees."""

import atexit
import contextlib
import os
import shlex
import sys
from collections.abc import Sequence
from typing import TextIO

from flexura_kit.output import output_of, text_over

NAME_WIDTH = 14
WHERE_WIDTH = 34
GREEN, RED, YELLOW, DIM, BOLD = "32", "31", "33", "2", "1"


class Console:
    """One line per event, with colour only where a terminal shows it."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or standard_output()
        self._colours = self._stream.isatty() and "NO_COLOR" not in os.environ

    def opening(self, home: str) -> None:
        self._print(f"\n  {self._paint(BOLD, 'Flexura')} {self._paint(DIM, f'keeps everything in {home}')}\n")

    def ready(self, name: str, where: str, seconds: float) -> None:
        took = self._paint(DIM, f"{seconds:5.1f} s")
        self._print(f"  {self._paint(GREEN, '●')} {name:<{NAME_WIDTH}}{where:<{WHERE_WIDTH}}{took}")

    def slow(self, name: str, why: str) -> None:
        self._print(f"  {self._paint(YELLOW, '○')} {name:<{NAME_WIDTH}}is not ready yet: {why}")

    def useless(self, name: str, why: str) -> None:
        self._print(f"  {self._paint(YELLOW, '○')} {name:<{NAME_WIDTH}}{why}; killing it")

    def warned(self, sentence: str) -> None:
        self._print(f"  {self._paint(YELLOW, '!')} {sentence}.")

    def died(self, name: str, how: str, last_lines: Sequence[str], restart_s: float) -> None:
        again = f"starting it again in {restart_s:g} s"
        self._print(f"  {self._paint(RED, '✗')} {name:<{NAME_WIDTH}}{how}; {again}")
        self._quote(last_lines)

    def hopeless(self, name: str, times: int, log: str) -> None:
        see = f"; see {log}" if log else ""
        self._print(f"  {self._paint(RED, '✗')} {name:<{NAME_WIDTH}}could not start {times} times in a row{see}")

    def failed(self, why: str, hint: str = "") -> None:
        self._print(f"\n  {self._paint(RED, 'Flexura did not start:')} {why}")
        if hint:
            self._print(f"  {hint}")
        self._print("")

    def welcome(self, public_url: str, local_url: str, seconds: float) -> None:
        here = "" if public_url == local_url else f" ({local_url} on this machine)"
        url = self._paint(BOLD, public_url)
        self._print(f"\n  {url}{here} is ready, {seconds:.1f} s after the start. Ctrl-C stops it.\n")

    def first_steps(self, url: str, key: str, key_file: str) -> None:
        """Shows the key where a person looks; what goes to a file or a log only says where it is kept."""
        if self._stream.isatty():
            self._print(f"  Your API key, kept in {key_file}:\n\n    {self._paint(BOLD, key)}\n")
        else:
            self._print(f"  Your API key is kept in {key_file}.\n")
        shown_key = key if self._stream.isatty() else f"$(cat {shlex.quote(key_file)})"
        self._print(f"  Try it:\n\n{try_it(url, shown_key)}\n")

    def stopping(self) -> None:
        self._print(f"\n  {self._paint(DIM, 'Stopping; once more Ctrl-C kills.')}")

    def stopped(self, name: str, how: str) -> None:
        self._print(f"  {self._paint(DIM, f'○ {name:<{NAME_WIDTH}}{how}')}")

    def say(self, sentence: str) -> None:
        self._print(f"  {sentence}")

    def _quote(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._print(self._paint(DIM, f"      {line}"))

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours else text

    def _print(self, line: str) -> None:
        # A terminal that was closed must not keep us from stopping in order.
        with contextlib.suppress(OSError):
            print(line, file=self._stream, flush=True)


def standard_output() -> TextIO:
    """Never waits for a reader that does not read: what runs here must go on being watched."""
    lines = output_of(sys.stdout)
    atexit.register(lines.flush_at_exit)
    return text_over(lines, is_terminal=sys.stdout is not None and sys.stdout.isatty())


def try_it(url: str, key: str) -> str:
    """The commands to paste: make an image, ask for it."""
    return f"""\
    curl -X POST {url}/api/generate/image \\
      -H "Authorization: Bearer {key}" \\
      -H "Content-Type: application/json" \\
      -d '{{"prompt": "a futuristic city at night, neon lights, cinematic"}}'

    curl {url}/api/jobs/THE_JOB_ID -H "Authorization: Bearer {key}\""""
