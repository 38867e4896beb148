"""Who may decide what in an environment: a matrix, replaced as a whole (ADR 0100). The caller commits."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import take_turn
from infra.pagination import Page, cut
from tenants.audit import service as audit
from tenants.authority import checking, repository
from tenants.authority.errors import InvalidMatrix, NoMatrix, UnknownVersion
from tenants.authority.matrices import Matrix
from tenants.authority.rows import HeldRow, Row

LARGEST: Final = 262_144
"""Bytes of all rows as JSON."""


class Known(msgspec.Struct, frozen=True):
    """What rows may name, as the edge finds it: ids (`rol_…`) of live roles for a client's people by slug, sites."""

    roles: Mapping[str, Sequence[str]]
    sites: Collection[str]


class Wish(msgspec.Struct, frozen=True):
    """A matrix that somebody wants, from a moment on; None: from now on."""

    rows: Sequence[Row]
    holds_from: datetime | None = None


async def lock(session: AsyncSession, tenant_id: UUID) -> None:
    """Nobody else changes the tenant's matrix until the transaction ends."""
    await take_turn(session, "authority", tenant_id)


async def put(session: AsyncSession, tenant_id: UUID, wish: Wish, known: Known, *, actor: str) -> Matrix:
    """The next version, which takes the place of all before; the newest one where it says the same. Safe to repeat.

    Raises:
        InvalidMatrix: rows that are no good, or cover one case twice, or a moment that has passed.
    """
    rows = _held(wish.rows, known)
    await lock(session, tenant_id)
    newest, now = await repository.newest(session, tenant_id), await repository.now(session)
    if newest is not None and newest.rows == rows and _is_said(newest.holds_from, wish.holds_from, now):
        return newest
    if wish.holds_from is not None and wish.holds_from < now:
        raise InvalidMatrix.of([{"pointer": "/holds_from", "detail": "Nothing holds before it was said"}])
    version = 1 if newest is None else newest.version + 1
    new = repository.Version(version=version, rows=rows, holds_from=wish.holds_from or now, set_by=actor)
    made = await repository.add(session, tenant_id, new)
    target = ids.show("ten", tenant_id)
    await audit.record(session, actor=actor, action="authority.set", target=target, after=_told(newest, made))
    return made


async def current(session: AsyncSession, tenant_id: UUID) -> Matrix:
    """The matrix in force.

    Raises:
        NoMatrix: there is none.
    """
    found = await repository.in_force(session, tenant_id)
    if found is None:
        raise NoMatrix
    return found


async def newest(session: AsyncSession, tenant_id: UUID) -> Matrix | None:
    """What was said last; None where nothing was."""
    return await repository.newest(session, tenant_id)


async def version_of(session: AsyncSession, tenant_id: UUID, version: int) -> Matrix:
    """Raises UnknownVersion."""
    found = await repository.version_of(session, tenant_id, version)
    if found is None:
        raise UnknownVersion
    return found


async def history(session: AsyncSession, tenant_id: UUID, page: Page) -> tuple[list[Matrix], str | None]:
    """Versions, the newest first, and the position of the next page."""
    return cut(await repository.versions(session, tenant_id, page), page, lambda one: str(one.version))


def _is_said(holds_from: datetime, wanted: datetime | None, now: datetime) -> bool:
    """Whether what holds from then is what is wanted; what is only planned does not hold from now on."""
    return holds_from <= now if wanted is None else holds_from == wanted


def _held(rows: Sequence[Row], known: Known) -> tuple[HeldRow, ...]:
    wrong = checking.mistakes(rows, known.sites)
    found = []
    for place, row in enumerate(rows):
        its = [(slug, one) for slug, held in known.roles.items() for one in held if row.approver_role in {slug, one}]
        if len(its) == 1:
            (slug, role_id) = its[0]
            found.append(HeldRow(row, role_id, slug))
        else:
            detail = "Several roles have this slug: name one by its id" if its else "There is no such role"
            wrong.append(checking.Mistake(f"/{place}/approver_role", detail))
    if not wrong and len(msgspec.json.encode(found)) > LARGEST:
        wrong.append(checking.Mistake("", f"Keep all rows within {LARGEST} bytes"))
    if wrong:
        errors = [msgspec.to_builtins(one) | {"pointer": f"/rows{one.pointer}"} for one in wrong]
        raise InvalidMatrix.of(errors)
    return tuple(found)


def _told(before: Matrix | None, made: Matrix) -> dict[str, Any]:
    """For the log: which rows are others than before. The rows themselves stay as the version."""
    was = {} if before is None else {one.row.name: one for one in before.rows}
    now = {one.row.name: one for one in made.rows}
    return {
        "version": made.version,
        "holds_from": made.holds_from.isoformat(),
        "rows": len(made.rows),
        "sha256": hashlib.sha256(msgspec.json.encode(made.rows)).hexdigest(),
        "added": sorted(now.keys() - was.keys()),
        "changed": sorted(name for name in now.keys() & was.keys() if now[name] != was[name]),
        "removed": sorted(was.keys() - now.keys()),
    }
