"""The readiness board of a client's environment: what templates ask for beside what is there (ADR 0084)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from template_library import catalog
from template_library.catalog import Package, UnknownTemplate
from tenants.connections import repository as connections
from tenants.deployments import grouping, reach, readiness, repository
from tenants.deployments.readiness import Judged, Known, Offer, Standing, Thing, Verdict
from tenants.deployments.repository import Pair

_ONE: Final = "connection"
_SEVERAL: Final = "group"


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that a template names, with how the environment stands to it.

    Attributes:
        found: what is bound to it or offers a part of it, what is bound first, then the best first.
    """

    name: str
    title: str
    operations: tuple[str, ...]
    verdict: Verdict
    found: list[Judged]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a template. `deployments`: names of the active ones that run it."""

    package: Package
    deployments: tuple[str, ...]
    needs: list[Need]

    @property
    def standing(self) -> Standing:
        return readiness.template(one.verdict for one in self.needs)


class _There(msgspec.Struct, frozen=True):
    """What an environment has."""

    pairs: list[Pair]
    known: Mapping[UUID, Known]
    groups: Mapping[UUID, tuple[str, tuple[Known, ...]]]

    def things(self, name: str, reference: str) -> Iterator[Thing]:
        """All that could be bound to a name of a template, each with the deployments of it that have done so."""
        uses = [pair for pair in self.pairs if pair[2].template == reference]
        for key, one in self.known.items():
            bound = tuple(pair[0].name for pair in uses if pair[1].bindings.get(name) == str(key))
            yield Thing(kind=_ONE, id=key, name=one.name, members=(one,), deployments=bound)
        for key, (group, members) in self.groups.items():
            bound = tuple(pair[0].name for pair in uses if pair[1].groups.get(name) == str(key))
            yield Thing(kind=_SEVERAL, id=key, name=group, members=members, deployments=bound)


async def read(  # noqa: PLR0913 (whose board, and what the edge knows)
    session: AsyncSession,
    tenant_id: UUID,
    offers: Mapping[str, Offer],
    away: Mapping[UUID, datetime],
    failing: Mapping[UUID, str],
    *,
    template: str | None = None,
) -> list[Entry]:
    """The newest version of every template and those that active deployments run: by name, the oldest first.

    `offers`: by connector. `away`: connections whose system is, each with since when. `failing`: those whose last check
    did, each with the kind of its error. `template`: only of this name.
    """
    there = await _there(session, tenant_id, away, failing)
    return [_entry(package, there, offers) for package in _packages(there.pairs) if template in {None, _name(package)}]


async def _there(
    session: AsyncSession, tenant_id: UUID, away: Mapping[UUID, datetime], failing: Mapping[UUID, str]
) -> _There:
    known = {
        row.connection_id: Known(
            id=row.connection_id,
            name=row.name,
            connector=row.connector,
            active=row.status == "active",
            away=away.get(row.connection_id),
            fails=failing.get(row.connection_id),
        )
        for row in await connections.every(session, tenant_id)
    }
    groups = {
        row.group_id: (row.name, tuple(known[one] for one in reach.members(reach.rules_of(row))))
        for row in await grouping.every(session, tenant_id)
    }
    return _There(await repository.every(session, tenant_id, status="active"), known, groups)


def _packages(pairs: Iterable[Pair]) -> list[Package]:
    deployed = {version.template for _, _, version in pairs}
    every = catalog.builtin().packages()
    newest = {_newest(name) for name in {_name(package) for package in every}}
    return [package for package in every if package.reference in deployed | newest]


def _newest(name: str) -> str | None:
    try:
        return catalog.builtin().find(name).reference
    except UnknownTemplate:  # it has pre-releases alone
        return None


def _name(package: Package) -> str:
    return package.manifest.name


def _entry(package: Package, there: _There, offers: Mapping[str, Offer]) -> Entry:
    uses = tuple(pair[0].name for pair in there.pairs if pair[2].template == package.reference)
    needs = []
    for name, asked in package.manifest.connections.items():
        verdict, found = readiness.need(there.things(name, package.reference), asked.operations, offers)
        one = Need(name=name, title=asked.title, operations=asked.operations, verdict=verdict, found=found)
        needs.append(one)
    return Entry(package=package, deployments=uses, needs=needs)
