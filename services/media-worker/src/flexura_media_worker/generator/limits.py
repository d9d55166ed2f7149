"""What the operating system holds a generator to."""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Asks the kernel to kill this process when the worker is gone, however that happens.

    The end of the pipe tells the same on every system; this works even where a thread cannot run.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It went while this process was starting.
        sys.exit("the worker is gone")


def limit(memory_bytes: int, file_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    # A crash of a generator is an answer, not a puzzle: no core files.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
