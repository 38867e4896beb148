"""What a template demands beside connections, and how an environment stands to it: parameters and people (ADR 0134)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Literal, get_args
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from template_library import schemas
from template_library.manifest import Manifest
from template_library.schemas import Breach
from tenants.deployments import inheriting
from tenants.deployments.inheriting import DEPLOYMENT
from tenants.deployments.models import DeploymentRevision
from tenants.deployments.readiness import Standing
from tenants.organizations.levels import Level
from tenants.organizations.parameters import Inherited

ParameterCause = Literal["set", "inherited", "default", "optional", "refused", "missing"]
"""`set`: with each active deployment. `refused`: it breaks the template's rules. `missing`: it has to be given, and
nobody has."""
RoleCause = Literal["staffed", "empty", "disabled", "absent"]
"""`empty`: nobody has it. `absent`: there is no such role."""
LIVE: Final = "live"
_PARAMETERS: Final[Mapping[ParameterCause, Standing]] = {
    "set": "green",
    "inherited": "green",
    "default": "green",
    "optional": "green",
    "refused": "red",
    "missing": "red",
}
"""From the best on."""
_LEVELS: Final = frozenset(get_args(Level))
_ROLES: Final = text(
    "SELECT r.slug, app.client_role(:tenant, r.slug) AS status,"
    " (SELECT count(*) FROM app.people_of(:tenant, 'role:' || r.slug)) AS people"
    " FROM unnest(CAST(:slugs AS text[])) AS r(slug)"
)


class ParameterDemand(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter that a template declares.

    Attributes:
        level: of which level the value is that it inherits; None: it inherits none.
        detail: which rule its value breaks; None: none.
    """

    name: str
    title: str
    is_required: bool
    cause: ParameterCause
    level: str | None = None
    detail: str | None = None

    @property
    def standing(self) -> Standing:
        return _PARAMETERS[self.cause]


class RoleDemand(msgspec.Struct, frozen=True, kw_only=True):
    """A role that a template's tasks and exceptions go to. `people`: how many of the environment have it.

    In `live` somebody has to: what goes to nobody stands still. Elsewhere somebody should look first.
    """

    slug: str
    title: str
    does: str
    is_process_owner: bool
    cause: RoleCause
    people: int
    environment: str

    @property
    def standing(self) -> Standing:
        if self.cause == "staffed":
            return "green"
        return "red" if self.environment == LIVE else "amber"


class Staffed(msgspec.Struct, frozen=True):
    """How a role is: `active`, `disabled`, or None where there is none."""

    status: str | None
    people: int


async def staffing(session: AsyncSession, tenant_id: UUID, slugs: Collection[str]) -> dict[str, Staffed]:
    """By slug, of the environment's active people."""
    rows = await session.execute(_ROLES, {"tenant": tenant_id, "slugs": sorted(slugs)})
    return {row.slug: Staffed(row.status, row.people) for row in rows}


def roles(manifest: Manifest, there: Mapping[str, Staffed], environment: str) -> list[RoleDemand]:
    """The process owner's first, the others as the manifest has them."""
    found = []
    for slug, one in manifest.roles.items():
        known = there[slug]
        cause: RoleCause = "staffed" if known.people else "empty"
        if known.status != "active":
            cause = "absent" if known.status is None else "disabled"
        found.append(
            RoleDemand(
                slug=slug,
                title=one.title,
                does=one.does,
                is_process_owner=slug == manifest.process_owner,
                cause=cause,
                people=known.people,
                environment=environment,
            )
        )
    return sorted(found, key=lambda one: not one.is_process_owner)


def parameters(
    schema: Mapping[str, Any], uses: Sequence[tuple[DeploymentRevision | None, Mapping[str, Inherited]]]
) -> list[ParameterDemand]:
    """As the schema has them, each as it is worst.

    `uses`: of each deployment what it runs by and what its site inherits; of none (None) that of the environment.
    """
    judged = [_use(schema, revision, inherited) for revision, inherited in uses]
    return [max((one[name] for one in judged), key=_place) for name in schema.get("properties", {})]


def _place(one: ParameterDemand) -> int:
    return tuple(_PARAMETERS).index(one.cause)


def _use(
    schema: Mapping[str, Any], revision: DeploymentRevision | None, inherited: Mapping[str, Inherited]
) -> dict[str, ParameterDemand]:
    """By name: how the next revision would find them, which reads anew what is inherited (ADR 0041)."""
    declared = {name: rule if isinstance(rule, Mapping) else {} for name, rule in schema.get("properties", {}).items()}
    above = {name: one for name, one in inherited.items() if name in declared}
    known = {} if revision is None else revision.sources
    own = {} if revision is None else inheriting.own(inheriting.kept(revision), known, above)
    filled = schemas.with_defaults(schema, inheriting.values(above) | own)
    sources = inheriting.sources(filled, own, known, above)
    wrong = {_name(breach): breach.detail for breach in schemas.check(schema, filled) if breach.pointer}
    needed = schema.get("required", ())
    return {
        name: ParameterDemand(
            name=name,
            title=str(rule.get("title", name)),
            is_required=name in needed,
            cause=_cause(sources.get(name), is_wrong=name in wrong, is_required=name in needed),
            level=above[name].level if sources.get(name) in _LEVELS else None,
            detail=wrong.get(name),
        )
        for name, rule in declared.items()
    }


def _name(breach: Breach) -> str:
    """Of the parameter that a pointer leads into."""
    return breach.pointer.split("/")[1].replace("~1", "/").replace("~0", "~")


def _cause(source: str | None, *, is_wrong: bool, is_required: bool) -> ParameterCause:
    if source is None:
        return "missing" if is_required else "optional"
    if is_wrong:
        return "refused"
    if source in _LEVELS:
        return "inherited"
    return "set" if source == DEPLOYMENT else "default"
