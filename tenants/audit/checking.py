"""Verifies a log where it is: some batches a call, so that a long chain is gone through step by step.

It is the same work as the stand-alone verifier's, by the same code, on the same lines. What a database says of itself
is worth what its administrator is: against that one stand the exported heads and the verifier in other hands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from infra.database import Database
from tenants.audit import exporting, repository
from tenants.audit.exporting import Part
from tenants.audit.log import ALL, Log
from tenants.audit.verifier import Broken, Verifier, read

BATCHES: Final = 20
"""In one call, of at most 1,000 rows each."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in the batches behind `behind` up to `up_to`.

    Attributes:
        last: the newest batch; `sealed_at`: when it was.
        unsealed: rows that no batch has yet; looked for with the last batches only.
        what: what is wrong with `batch` and `row`, of those that are known; None where all is as it was sealed.
        rolled_back: the database is behind the heads that were published; nothing is sealed until that is accepted.
    """

    behind: int
    up_to: int
    last: int
    sealed_at: datetime | None
    rows: int
    dropped: int
    unsealed: int
    what: str | None = None
    batch: int | None = None
    row: str | None = None
    rolled_back: bool = False


async def check(
    database: Database, log: Log, keys: Sequence[bytes], behind: int = 0, batches: int = BATCHES
) -> Checked:
    """`keys`: the public keys that are trusted. `behind`: the batch whose successors are next."""
    async with database.session(log.rows) as session:
        newest = await repository.newest_seal(session, log)
        before = await repository.seal_at(session, log, behind) if behind else None
        rolled_back = await repository.open_rollback(session, log) is not None
    last = 0 if newest is None else newest.n
    up_to = min(behind + batches, last)
    head = None if before is None else before.head.hex()
    part = Part(behind=behind, head=head, last=up_to, with_loose=up_to == last)
    verifier = Verifier(keys, is_part=True)
    found = Checked(
        behind=behind,
        up_to=up_to,
        last=last,
        sealed_at=None if newest is None else newest.sealed_at,
        rows=0,
        dropped=0,
        unsealed=0,
        rolled_back=rolled_back,
    )
    try:
        async for chunk in exporting.lines(database, log, ALL, part):
            await asyncio.to_thread(_take, verifier, chunk)
        whole = verifier.end()
    except Broken as error:
        return msgspec.structs.replace(found, what=error.what, batch=error.batch, row=error.row)
    return msgspec.structs.replace(found, rows=whole.rows, dropped=whole.dropped, unsealed=whole.unsealed)


def _take(verifier: Verifier, chunk: bytes) -> None:
    for line in read(chunk.splitlines()):
        verifier.take(line)
