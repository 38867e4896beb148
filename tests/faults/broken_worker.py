"""The worker's entry, but that the first process to boot cannot start; for `dramatiq tests.faults.broken_worker`."""

from __future__ import annotations

from infra import settings
from services.worker.process import WorkerProcess

_start = WorkerProcess.start


async def _fail_once() -> None:
    (settings.load().home / "failed").touch(exist_ok=False)
    raise RuntimeError("cannot start")


async def _start_unless_first(process: WorkerProcess) -> None:
    try:
        await _fail_once()
    except FileExistsError:
        await _start(process)


WorkerProcess.start = _start_unless_first  # type: ignore[method-assign, assignment]

from services.worker import entry  # noqa: E402 (it makes its process when it is imported)

dramatiq_broker = entry.dramatiq_broker
