"""The process that runs a worker's suspects, forked as the worker was: a second of processor time less each death.

`services.worker.solo` starts it by its command, and its parent is the worker. Here a process that has imported all
forks it, and it asks whether the worker lives where it would ask for its parent.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import runpy
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any, Final

MODULE: Final = "services.worker.suspects"


class Forked:
    """What `asyncio.subprocess.Process` is to `services.worker.solo`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    async def wait(self) -> int:
        """Returns when it is gone; how it ended only its parent knows, and nobody asks."""
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            gone.set()
        else:
            loop.add_reader(handle, gone.set)
            try:
                await gone.wait()
            finally:
                loop.remove_reader(handle)
                os.close(handle)
        self.returncode = 0
        return 0

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def fork_them() -> None:
    """From now on, here and in processes forked from here. In each child that runs suspects it does not come back."""
    ours, theirs = socket.socketpair()
    if not os.fork():
        ours.close()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        group = os.getpgrp()
        # Of the worker's group is only what the worker would have started: tests ask whether that is gone.
        os.setpgid(0, 0)
        _serve(theirs, group)
        os._exit(0)
    theirs.close()
    asked = ours.makefile("rwb")
    start = asyncio.create_subprocess_exec

    async def forked(*command: Any, **options: Any) -> Any:
        if command[1:] != ("-m", MODULE):
            return await start(*command, **options)
        asked.write(b"%d\n" % os.getpid())
        asked.flush()
        while True:
            # What a worker asked for that died before it heard is not for this one.
            worker, _, pid = asked.readline().partition(b" ")
            if int(worker) == os.getpid():
                return Forked(int(pid))

    asyncio.create_subprocess_exec = forked


def _serve(line: socket.socket, group: int) -> None:
    with line.makefile("rwb") as asked:
        for text in asked:
            worker = int(text)
            pid = os.fork()
            if not pid:
                os.setpgid(0, group)
                _run(worker)
            asked.write(b"%d %d\n" % (worker, pid))
            asked.flush()


def _run(worker: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.getppid = lambda: worker if _lives(worker) else 1
    sys.argv = [MODULE]
    try:
        runpy.run_module(MODULE, run_name="__main__", alter_sys=True)
    except BaseException:  # noqa: BLE001 (nothing above would tell)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _lives(pid: int) -> bool:
    """A dead process whose parent has not looked is there still."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False
