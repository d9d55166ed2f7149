"""The server of forks: loads modules once, then forks itself for each program that its owner asks for."""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from collections.abc import Sequence

from flexura_kit.fork_server.requests import STANDARDS, Request, receive_request
from flexura_kit.fork_server.title import show

PR_SET_PDEATHSIG = 1


def main() -> None:
    owner = socket.socket(fileno=int(sys.argv[1]))
    end_with_parent(int(sys.argv[2]))
    load(sys.argv[3].split(","))
    program = serve(owner)
    if program is not None:
        become(program)


def end_with_parent(parent: int) -> None:
    """Has the kernel kill this process when its parent is gone, however that happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It went while this process was starting.
        sys.exit("the parent is gone")


def load(modules: Sequence[str]) -> None:
    """Imports what can be imported; what cannot, a program misses and names when it needs it."""
    # Collected memory would be filled by each child with something of its own, and be shared no more.
    gc.disable()
    for module in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    # What the collector looks at is written to, too.
    gc.freeze()


def serve(owner: socket.socket) -> Request | None:
    """Forks until the owner is gone; answers a program in each child."""
    waking, woken = os.pipe()
    for descriptor in (waking, woken):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    server = os.getpid()
    while True:
        readable, _, _ = select.select([owner.fileno(), waking], [], [])
        if waking in readable:
            os.read(waking, 1 << 10)
            tell_ended(owner)
        if owner.fileno() not in readable:
            continue
        request = receive_request(owner)
        if request is None:
            return None
        if fork(owner, request) == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (waking, woken):
                os.close(descriptor)
            owner.close()
            end_with_parent(server)
            return request


def fork(owner: socket.socket, request: Request) -> int | None:
    """Answers the child's number, 0 in the child, None where none can be had."""
    pid = None
    try:
        pid = os.fork()
        # In both processes: whichever comes first, the group is there before anybody can want to kill it.
        os.setpgid(pid, pid)
    except OSError as error:
        if pid is None:
            tell(owner, errno=error.errno or 0)
    if pid:
        tell(owner, started=pid)
    if pid != 0:
        for descriptor in request.descriptors.values():
            os.close(descriptor)
    return pid


def tell_ended(owner: socket.socket) -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            tell(owner, ended=pid, status=os.waitstatus_to_exitcode(status))


def tell(owner: socket.socket, **answer: int) -> None:
    owner.sendall(json.dumps(answer).encode() + b"\n")


def become(program: Request) -> None:
    """Makes this process what a fresh interpreter would be: its descriptors, environment and arguments, and runs it."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(STANDARDS):
        os.dup2(program.descriptors.get(standard, nothing), standard)
    for descriptor in (nothing, *program.descriptors.values()):
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(program.environment)
    show([sys.executable, "-m", program.module, *program.arguments], program.environment)
    gc.enable()
    sys.argv = [program.module, *program.arguments]
    runpy.run_module(program.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
