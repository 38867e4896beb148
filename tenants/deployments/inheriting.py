"""What a deployment inherits: parameters that it declares and nobody gave it, from the nearest level (ADR 0041)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tenants.deployments.models import DeploymentRevision
from tenants.organizations import levels, parameters
from tenants.organizations.levels import Level
from tenants.organizations.parameters import Inherited

DEPLOYMENT: Final = "deployment"
"""Source of a value that was given with the deployment."""
DEFAULT: Final = "default"
"""Source of a value that the template or the document has."""
_LEVELS: Final = frozenset(get_args(Level))


async def inherit(session: AsyncSession, tenant_id: UUID, site_id: UUID | None, schema: Any) -> dict[str, Inherited]:
    """By name, of those that `schema` declares."""
    declared = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(declared, Mapping) or not declared:
        return {}
    return {name: one for name, one in (await everything(session, tenant_id, site_id)).items() if name in declared}


async def everything(session: AsyncSession, tenant_id: UUID, site_id: UUID | None) -> dict[str, Inherited]:
    """By name, all that holds for the site, or for the environment where it is None."""
    found = await parameters.effective(session, await levels.of_tenant(session, tenant_id, site_id))
    return {one.name: one for one in found}


def values(inherited: Mapping[str, Inherited]) -> dict[str, Any]:
    return {name: one.value for name, one in inherited.items()}


def kept(present: DeploymentRevision) -> dict[str, Any]:
    """What a revision that names no parameters goes on with: all but what is inherited, which is read anew."""
    return {name: value for name, value in present.parameters.items() if present.sources.get(name) not in _LEVELS}


def own(given: Mapping[str, Any], known: Mapping[str, str], inherited: Mapping[str, Inherited]) -> dict[str, Any]:
    """Of what is given, what is in front of everything inherited: a default that was written down is not."""
    return {name: value for name, value in given.items() if not (known.get(name) == DEFAULT and name in inherited)}


def sources(
    filled: Mapping[str, Any],
    given: Mapping[str, Any],
    known: Mapping[str, str],
    inherited: Mapping[str, Inherited],
) -> dict[str, str]:
    """Where each value comes from: a level, `deployment`, or `default`. `known`: of those that were given before."""
    found = {}
    for name in filled:
        if name in given:
            found[name] = known.get(name, DEPLOYMENT)
        else:
            found[name] = inherited[name].level if name in inherited else DEFAULT
    return found
