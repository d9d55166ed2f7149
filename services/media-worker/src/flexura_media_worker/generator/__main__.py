"""Reads requests from the pipe, one at a time, and answers progress, media or failure."""

import argparse
import asyncio
import os
import queue
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Mapping
from typing import Any

from flexura_media_worker import frames
from flexura_media_worker.domain import Failure, FailureReason, GenerationError, GenerationRequest
from flexura_media_worker.generator.faults import worker_fault
from flexura_media_worker.generator.limits import limit
from flexura_media_worker.generator.local import LocalProviders

STDIN = 0
PROGRESS_STEP = 0.005  # Smaller steps are not worth a message.
CRASH = Failure(FailureReason.PROVIDER_FAILED, "The generator failed.", is_retryable=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("memory-bytes", "file-bytes"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--providers", required=True)
    options = parser.parse_args()
    limit(options.memory_bytes, options.file_bytes)
    work(Pipe(taken_from_stdin()), options.providers.split(","))


def taken_from_stdin() -> socket.socket:
    """The pipe to the worker, in whose place nothing is left for others to read."""
    pipe = socket.socket(fileno=os.dup(STDIN))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, STDIN)
    os.close(nothing)
    return pipe


class Pipe:
    """The worker at the other end. When it is gone, so is this process, whatever it does at the time."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._requests: queue.SimpleQueue[GenerationRequest] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="pipe", daemon=True).start()

    def next_request(self) -> GenerationRequest:
        return self._requests.get()

    def send(self, message: Mapping[str, Any]) -> None:
        self._connection.sendall(frames.encode(message))

    def _read(self) -> None:
        with self._connection.makefile("rb") as stream:
            while header := stream.read(frames.HEADER.size):
                body = stream.read(frames.length_of(header))
                self._requests.put(frames.request_from(frames.decode(body)))
        # Not sys.exit: the thread that computes might not come to see it.
        os.killpg(os.getpgrp(), signal.SIGKILL)


def work(pipe: Pipe, names: list[str]) -> None:
    providers = LocalProviders()
    with asyncio.Runner() as runner:
        pipe.send(frames.ready_frame(providers.missing(names)))
        while True:
            request = pipe.next_request()
            pipe.send(frames.TAKEN)
            pipe.send(runner.run(answer(pipe, providers, request)))


async def answer(pipe: Pipe, providers: LocalProviders, request: GenerationRequest) -> Mapping[str, Any]:
    said = 0.0

    def say(fraction: float) -> None:
        nonlocal said
        if fraction >= said + PROGRESS_STEP:
            said = fraction
            pipe.send(frames.progress_frame(fraction))

    try:
        return frames.media_frame(await providers.get(request.provider).generate(request, say))
    except GenerationError as error:
        return frames.failure_frame(error.failure)
    except MemoryError:
        # What is left of this process is not to be trusted; a fresh one is.
        traceback.print_exc()
        sys.exit("out of memory")
    except Exception as error:  # noqa: BLE001 - the top of the loop that this process lives for.
        traceback.print_exc()
        fault = worker_fault(error, request.provider, request.spool_path)
        return frames.fault_frame(fault.part, fault.message) if fault else frames.crash_frame(CRASH)


if __name__ == "__main__":
    main()
