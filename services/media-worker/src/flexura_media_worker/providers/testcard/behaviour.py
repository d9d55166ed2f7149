"""How a test card behaves on request: slow, crashing, hanging, empty, refusing, failing."""

import os
import signal
import time
from typing import NoReturn

from flexura_media_worker.domain import Failure, FailureReason, GenerationError
from flexura_media_worker.ports import Progress

PROGRESS_STEP_S = 0.1
HANG_S = 3600.0

REFUSAL = Failure(FailureReason.PROVIDER_REFUSED, "The provider refuses this request: it was asked to.", False)
ERROR = Failure(FailureReason.PROVIDER_FAILED, "The provider answered with an error: it was asked to.", True)


def take_time(take_s: float, progress: Progress) -> None:
    """Takes that long and says how far it is, as a model does between its steps."""
    begin = time.monotonic()
    while (spent := time.monotonic() - begin) < take_s:
        progress(spent / take_s)
        time.sleep(min(PROGRESS_STEP_S, take_s - spent))


def misbehave(kind: str) -> None:
    """Does what is asked for; returns where nothing is, or where the result is to be empty."""
    if kind == "crash":
        crash()
    if kind == "hang":
        hang()
    if kind == "refuse":
        raise GenerationError(REFUSAL)
    if kind == "error":
        raise GenerationError(ERROR)


def crash() -> None:
    """Dies as a library does that reads past its memory."""
    os.kill(os.getpid(), signal.SIGSEGV)


def hang() -> NoReturn:
    """Never returns, whoever asks."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(HANG_S)
