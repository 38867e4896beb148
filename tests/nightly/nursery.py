"""Workers that are there at once: forked from a process that has imported the product, for tests that kill many.

A start from nothing takes two seconds of processor time, most of it imports. A forked worker is the product's own
`WorkerProcess` with its own settings, event loop, pools and evaluators; what it lacks is Dramatiq's parent, and its
housekeeping. Its suspects run in a child as ever, which is forked, too.

`python -m tests.nightly.nursery` reads one JSON order a line and answers each with the worker's process id.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NoReturn, Self

import msgspec
import uvloop

from infra import collector, crash_points, settings
from infra.logs import configure
from services.worker import process, solo, suspects

_PR_SET_PDEATHSIG: Final = 1


class Order(msgspec.Struct, frozen=True):
    """A worker to be born. `environment` is over the nursery's own; `log` takes what it writes."""

    environment: dict[str, str]
    log: str


class Nursery:
    """The fork server, seen from the test. Use as `with Nursery(environment) as nursery`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nightly.nursery"],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def bear(self, environment: Mapping[str, str], log: Path) -> int:
        """The process id of a new worker, which leads a group of its own. It is not ready yet."""
        order = Order({name: value for name, value in environment.items() if self._differs(name, value)}, str(log))
        if self._process.stdin is None or self._process.stdout is None:
            raise TypeError("no pipes")
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def _differs(self, name: str, value: str) -> bool:
        return self._environment.get(name) != value


class _Nearby(solo.Suspects):
    """Suspects whose child is forked by a process beside this one, which has imported what it needs."""

    line: socket.socket

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self.line, b"1")
        await loop.sock_recv(self.line, 1)

    async def stop(self, _seconds: float) -> None:
        self._stopping = True


def _forked(work: Callable[[], None]) -> int:
    """Do `work` in a child, which then ends; the child's process id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # noqa: BLE001 (nothing of the parent's may go on in the child)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _bear_suspects(line: socket.socket, parent: int) -> NoReturn:
    """Fork a child for suspects whenever the worker asks, until the worker is gone."""
    _end_with_parent()
    while os.getppid() == parent and line.recv(1):
        os.waitpid(_forked(lambda: uvloop.run(suspects._main())), 0)
        line.send(b"1")
    os._exit(0)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _be_worker(order: Order) -> None:
    _end_with_parent()
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(order.environment)
    ours, theirs = socket.socketpair()
    me = os.getpid()
    _forked(lambda: _bear_suspects(theirs, me))
    theirs.close()
    ours.setblocking(False)
    _Nearby.line = ours
    vars(process)["Suspects"] = _Nearby
    uvloop.run(_work(settings.load()))


async def _work(configuration: settings.Settings) -> None:
    configure(configuration.log_level)
    if configuration.crash_points:
        crash_points.arm(configuration.crash_point)
    told_to_stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told_to_stop.set)
    worker = process.WorkerProcess(configuration, send_housekeeping=lambda: None)
    await worker.start()
    collector.settle()
    await told_to_stop.wait()
    await worker.stop()


def main() -> None:
    _end_with_parent()
    # Nobody waits for the workers: the kernel reaps them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    for line in sys.stdin.buffer:
        order = msgspec.json.decode(line, type=Order)

        def work(order: Order = order) -> None:
            _be_worker(order)

        sys.stdout.write(f"{_forked(work)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
