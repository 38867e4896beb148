"""Watches which timeline the database is on: after a failover it says so, again and again, until somebody accepts it.

How far the log had come is kept outside the database, in this process and in a file of its home: a standby that was
behind when it was promoted cannot know what it never got.
"""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Final

import msgspec

from infra import clock
from infra.database import Database, surviving
from services.engine import timelines
from services.engine.timelines import Mark

_log: Final = logging.getLogger(__name__)
FILE: Final = "database-position.json"
_SECONDS: Final = 1.0
_TOLD_SECONDS: Final = 60.0


async def watch(database: Database, home: Path, seconds: float = _SECONDS) -> None:
    """Look every `seconds`, until cancelled."""
    mark, told_at = _read(home / FILE), float("-inf")
    while True:
        with surviving("looking at the database's timeline"):
            found = await timelines.look(database, mark)
            if found is not None:
                now, is_accepted = found
                if is_accepted:
                    mark = _kept(home / FILE, mark, now)
                elif clock.monotonic() > told_at + _TOLD_SECONDS:
                    told_at = clock.monotonic()
                    _tell(now, mark)
        await asyncio.sleep(seconds)


def _tell(now: Mark, mark: Mark | None) -> None:
    _log.critical(
        "the database has failed over: the outside is told nothing until an operator accepts it (`failover --accept`)",
        extra={"timeline": now.number, "last_seen": None if mark is None else f"{mark.number} at {mark.position}"},
    )


def _kept(file: Path, before: Mark | None, now: Mark) -> Mark:
    """`now`, also in the file where the log has moved. A home that cannot be written keeps nobody from work."""
    if before is not None and (before.cluster, before.number, before.position) == (
        now.cluster,
        now.number,
        now.position,
    ):
        return before
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        draft.write_bytes(msgspec.json.encode(now))
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
    return now


def _read(file: Path) -> Mark | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Mark)
    except (OSError, msgspec.MsgspecError):
        return None
