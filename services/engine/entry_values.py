"""Requests and answers of entries: the large ones are values of their run, stored as those are (ADR 0034, ADR 0035).

Every function runs in a transaction of the tenant, with the row that it is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from services.engine import payload_rows, payloads, values
from services.engine.payloads import LARGE, Kept, Large, PayloadUnreadable


class Stored(msgspec.Struct, frozen=True):
    """JSON text for a row, with holes for what is `kept` beside it."""

    text: str
    kept: Sequence[Kept] = ()


async def stored(connection: Any, tenant: UUID, run: UUID, value: Any) -> Stored:
    """`value` of an entry of the run; beyond the run's budget it stays whole. Nothing is written: see `keep`."""
    text = values.encode(value)
    if len(text) <= LARGE:
        return Stored(text.decode())
    large = Large(stored=await payload_rows.stored_bytes(connection, tenant, run))
    return Stored(large.text(value), large.take())


async def keep(connection: Any, tenant: UUID, run: UUID, one: Stored) -> None:
    """Once its row is written: what a refused change would leave belongs to nobody. Safe to repeat."""
    if one.kept:
        await payload_rows.insert(connection, tenant, run, one.kept)


async def whole(connection: Any, tenant: UUID, row: Any, names: Sequence[str]) -> tuple[dict[str, Any], str]:
    """`row` of an entry, with `run_id`, and these of its members without holes; and why they cannot be read.

    That is empty where they can, and they are None where they cannot: a value is missing or damaged (F-26). What is
    left of the entry can be acted on.
    """
    told = dict(row)
    holed = [name for name in names if payloads.has_holes(told[name])]
    if not holed:
        return told, ""
    named = set().union(*(payloads.digests(told[name].encode()) for name in holed))
    try:
        bodies = await payload_rows.bodies(connection, tenant, row["run_id"], named)
        filled = {name: payloads.fill(told[name].encode(), bodies).decode() for name in holed}
    except PayloadUnreadable as lost:
        return {**told, **dict.fromkeys(names)}, lost.detail
    return {**told, **filled}, ""
