from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from litestar import get, patch
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from tenants.organizations import levels, parameters, service, sites
from tenants.organizations.levels import Level, Owner
from tenants.organizations.parameters import Inherited

TAGS: Final = ["parameters"]
_OF_PARTNER: Final = "/v1/partners/{partner:str}/parameters"
_OF_CLIENT: Final = "/v1/clients/{client:str}/parameters"
_OF_SITE: Final = "/sites/{site:str}/parameters"


class ParameterChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    values: Annotated[
        dict[str, Any],
        Meta(
            min_length=1,
            max_length=parameters.MOST,
            description="By name; null takes a value away, so that what is above holds. What is absent stays.",
        ),
    ]


class OverriddenView(msgspec.Struct, frozen=True, kw_only=True):
    level: Level
    value: Any


class ParameterView(msgspec.Struct, frozen=True, kw_only=True):
    """A value that holds here, and where it comes from."""

    name: Annotated[str, Meta(examples=["release_cutoff"])]
    value: Any
    level: Annotated[Level, Meta(description="Who has set it: the nearest one that has.")]
    owner: Annotated[str, Meta(description="Its id, or `operator`.")]
    set_at: Instant
    above: Annotated[list[OverriddenView], Meta(description="Values that it is in front of, the nearest first.")]


class ParameterList(msgspec.Struct, frozen=True):
    items: list[ParameterView]


@get("/v1/operator/parameters", summary="Read the operator's parameters", tags=TAGS)
async def read_operator_parameters(request: Call) -> ParameterList:
    """Inherited by every partner."""
    async with request.transaction() as session:
        return await _shown(session, [levels.OPERATOR])


@patch("/v1/operator/parameters", summary="Set the operator's parameters", tags=TAGS)
async def set_operator_parameters(request: Call, data: JSONBody[ParameterChanges]) -> ParameterList:
    """Inherited by every partner, and by all that is below one."""
    return await _change(request, [levels.OPERATOR], data)


@get(_OF_PARTNER, summary="Read a partner's parameters", tags=TAGS)
async def read_partner_parameters(request: Call, partner: FromPath[str]) -> ParameterList:
    """With what it inherits."""
    async with request.transaction() as session:
        return await _shown(session, await _of_partner(session, partner))


@patch(_OF_PARTNER, summary="Set a partner's parameters", tags=TAGS)
async def set_partner_parameters(
    request: Call, partner: FromPath[str], data: JSONBody[ParameterChanges]
) -> ParameterList:
    """Inherited by all its clients. A deployment takes them when it is made or revised; runs keep what they have."""
    async with request.transaction() as session:
        chain = await _of_partner(session, partner)
    return await _change(request, chain, data)


@get(_OF_CLIENT, summary="Read a client's parameters", tags=TAGS)
async def read_client_parameters(request: Call, client: FromPath[str]) -> ParameterList:
    """For all of its environments."""
    async with request.transaction() as session:
        return await _shown(session, await _of_client(request, session, client))


@patch(_OF_CLIENT, summary="Set a client's parameters", tags=TAGS)
async def set_client_parameters(
    request: Call, client: FromPath[str], data: JSONBody[ParameterChanges]
) -> ParameterList:
    """For all of its environments; not while the client is suspended."""
    async with request.transaction() as session:
        chain = await _of_client(request, session, client)
    return await _change(request, chain, data, of_client=client)


@get(tenant_paths("/parameters"), summary="Read an environment's parameters", tags=TAGS)
async def read_environment_parameters(request: Call) -> ParameterList:
    """With where each comes from."""
    async with request.transaction() as session:
        return await _shown(session, await levels.of_tenant(session, request.tenant.tenant_id))


@patch(tenant_paths("/parameters"), summary="Set an environment's parameters", tags=TAGS)
async def set_environment_parameters(request: Call, data: JSONBody[ParameterChanges]) -> ParameterList:
    """Of this environment and no other."""
    async with request.transaction() as session:
        chain = await levels.of_tenant(session, request.tenant.tenant_id)
    return await _change(request, chain, data)


@get(tenant_paths(_OF_SITE), summary="Read a site's parameters", tags=TAGS)
async def read_site_parameters(request: Call, site: FromPath[str]) -> ParameterList:
    """With where each comes from."""
    async with request.transaction() as session:
        return await _shown(session, await _of_site(request, session, site))


@patch(tenant_paths(_OF_SITE), summary="Set a site's parameters", tags=TAGS)
async def set_site_parameters(request: Call, site: FromPath[str], data: JSONBody[ParameterChanges]) -> ParameterList:
    """Of this site and no other."""
    async with request.transaction() as session:
        chain = await _of_site(request, session, site)
    return await _change(request, chain, data)


async def _of_partner(session: AsyncSession, partner: str) -> list[Owner]:
    return levels.of_partner((await service.find_partner(session, partner)).partner_id)


async def _of_client(request: Call, session: AsyncSession, client: str) -> list[Owner]:
    found = await service.find_client(session, request.principal.partner_id, client)
    return levels.of_client(found.partner_id, found.client_id)


async def _of_site(request: Call, session: AsyncSession, site: str) -> list[Owner]:
    found = await sites.find(session, request.tenant.tenant_id, site)
    return await levels.of_tenant(session, request.tenant.tenant_id, found.site_id)


async def _change(
    request: Call, chain: Sequence[Owner], data: ParameterChanges, of_client: str | None = None
) -> ParameterList:
    async with request.transaction() as session:
        if of_client is not None:
            await service.find_changeable(session, request.principal.partner_id, of_client)
        await parameters.lock(session, chain[-1])

        async def present() -> ParameterList:
            return await _shown(session, chain)

        await request.match(present)
        await parameters.change(session, chain[-1], data.values, actor=request.principal.actor)
        return await _shown(session, chain)


async def _shown(session: AsyncSession, chain: Sequence[Owner]) -> ParameterList:
    return ParameterList([_view(one) for one in await parameters.effective(session, chain)])


def _view(one: Inherited) -> ParameterView:
    above = [OverriddenView(level=each.level, value=each.value) for each in one.above]
    return ParameterView(
        name=one.name, value=one.value, level=one.level, owner=one.owner, set_at=one.set_at, above=above
    )


HANDLERS: Final = (
    read_operator_parameters,
    set_operator_parameters,
    read_partner_parameters,
    set_partner_parameters,
    read_client_parameters,
    set_client_parameters,
    read_environment_parameters,
    set_environment_parameters,
    read_site_parameters,
    set_site_parameters,
)
