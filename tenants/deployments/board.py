"""The readiness board of a client's environment: what templates ask for beside what is there (ADR 0084, 0134)."""

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
from tenants.deployments import demands, grouping, inheriting, reach, readiness, repository
from tenants.deployments.demands import ParameterDemand, RoleDemand, Staffed
from tenants.deployments.readiness import Judged, Known, Offer, Standing, Thing, Verdict
from tenants.deployments.repository import Pair
from tenants.organizations.parameters import Inherited

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
    parameters: list[ParameterDemand]
    roles: list[RoleDemand]

    @property
    def standing(self) -> Standing:
        """As the worst of all that it needs."""
        needs = [one.verdict.standing for one in self.needs]
        parameters = [one.standing for one in self.parameters]
        return readiness.worst([*needs, *parameters, *(one.standing for one in self.roles)])


class _There(msgspec.Struct, frozen=True):
    """What an environment has. `inherited`: by site, None is the environment itself."""

    environment: str
    pairs: list[Pair]
    known: Mapping[UUID, Known]
    groups: Mapping[UUID, tuple[str, tuple[Known, ...]]]
    inherited: Mapping[UUID | None, Mapping[str, Inherited]]

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
    environment: str,
    template: str | None = None,
) -> list[Entry]:
    """The newest version of every template and those that active deployments run: by name, the oldest first.

    `offers`: by connector. `away`: connections whose system is, each with since when. `failing`: those whose last check
    did, each with the kind of its error. `environment`: its name; more is asked of `live`. `template`: only of this
    name.
    """
    there = await _there(session, tenant_id, environment, away, failing)
    shown = [package for package in _packages(there.pairs) if template in {None, _name(package)}]
    staffed = await demands.staffing(session, tenant_id, {slug for one in shown for slug in one.manifest.roles})
    return [_entry(package, there, offers, staffed) for package in shown]


async def _there(
    session: AsyncSession,
    tenant_id: UUID,
    environment: str,
    away: Mapping[UUID, datetime],
    failing: Mapping[UUID, str],
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
    pairs = await repository.every(session, tenant_id, status="active")
    sites = {None, *(deployment.site_id for deployment, _, _ in pairs)}
    inherited = {site: await inheriting.everything(session, tenant_id, site) for site in sites}
    return _There(environment, pairs, known, groups, inherited)


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


def _entry(package: Package, there: _There, offers: Mapping[str, Offer], staffed: Mapping[str, Staffed]) -> Entry:
    running = [pair for pair in there.pairs if pair[2].template == package.reference]
    uses = [(revision, there.inherited[deployment.site_id]) for deployment, revision, _ in running]
    needs = []
    for name, asked in package.manifest.connections.items():
        verdict, found = readiness.need(there.things(name, package.reference), asked.operations, offers)
        one = Need(name=name, title=asked.title, operations=asked.operations, verdict=verdict, found=found)
        needs.append(one)
    return Entry(
        package=package,
        deployments=tuple(deployment.name for deployment, _, _ in running),
        needs=needs,
        parameters=demands.parameters(package.parameters, uses or [(None, there.inherited[None])]),
        roles=demands.roles(package.manifest, staffed, there.environment),
    )
