from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, get_args

import msgspec
from litestar import get, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from template_library.policies import rules as checks
from template_library.policies.capabilities import Domain
from template_library.policies.rules import Rule
from tenants.organizations import levels, policies, service
from tenants.organizations.levels import Owner
from tenants.organizations.policies import Level, Policy

TAGS: Final = ["policies"]
_OF_PARTNER: Final = "/v1/partners/{partner:str}/policy"
_OF_CLIENT: Final = "/v1/clients/{client:str}/policy"
_RuleName = Annotated[str, Meta(pattern="^[a-z0-9](-?[a-z0-9]){0,62}$", examples=["money-needs-approval"])]
_Domains = Annotated[
    list[Domain],
    Meta(max_length=len(get_args(Domain)), description="What the write is about; operations of connectors declare it."),
]
_Undeclared = Annotated[
    bool,
    Meta(
        description="Also writes of which nobody says what they are about: requests of a document's own, programs, and"
        " operations that declare nothing."
    ),
]
_Reason = Annotated[str, Meta(max_length=checks.LONGEST, description="For whoever is refused.")]


class RuleView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No write of these domains without an approval before it."""

    name: _RuleName
    domains: _Domains
    undeclared: _Undeclared = True
    reason: _Reason = ""


class NewPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rules: Annotated[
        list[RuleView],
        Meta(max_length=checks.MOST, description="All rules of this level; what it inherits holds beside them."),
    ]


class NewPartnerPolicy(NewPolicy, frozen=True, kw_only=True, forbid_unknown_fields=True):
    leaves_open: Annotated[
        list[Domain],
        Meta(
            description="What is guarded where a partner has set nothing, and is not guarded by these rules: each has"
            " to be named, so that nobody leaves it open unknowingly."
        ),
    ] = []


class InheritedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has said, and in which version."""

    level: Level
    owner: Annotated[str, Meta(description="Id of the partner or client, or `operator`.")]
    version: Annotated[int, Meta(description="Raised with each change; 0 where nothing was ever said.")]
    set_at: Instant | None
    shipped: Annotated[
        int | None,
        Meta(description="Version of the rules that hold for whom a partner has set none; null where others hold."),
    ]
    rules: list[RuleView]


class PolicyView(InheritedPolicy, frozen=True, kw_only=True):
    """The rules of one level, with those that hold there as well since somebody above has set them."""

    inherited: Annotated[list[InheritedPolicy], Meta(description="The operator's first. Nobody below changes them.")]


@get("/v1/operator/policy", summary="Read the operator's policy", tags=TAGS)
async def read_operator_policy(request: Call) -> PolicyView:
    """Holds for every partner and its clients."""
    async with request.transaction() as session:
        return await _shown(session, [levels.OPERATOR])


@put("/v1/operator/policy", summary="Set the operator's policy", tags=TAGS)
async def set_operator_policy(request: Call, data: JSONBody[NewPolicy]) -> PolicyView:
    """Holds for every partner and its clients, from the next write on (within two seconds)."""
    return await _change(request, [levels.OPERATOR], data)


@get(_OF_PARTNER, summary="Read a partner's policy", tags=TAGS)
async def read_partner_policy(request: Call, partner: FromPath[str]) -> PolicyView:
    """With what it inherits."""
    async with request.transaction() as session:
        return await _shown(session, await _of_partner(session, partner))


@put(_OF_PARTNER, summary="Set a partner's policy", tags=TAGS)
async def set_partner_policy(request: Call, partner: FromPath[str], data: JSONBody[NewPartnerPolicy]) -> PolicyView:
    """Holds for all its clients, beside what it inherits, from the next write on (within two seconds).

    It takes the place of the rules that hold where nothing is set.
    """
    async with request.transaction() as session:
        chain = await _of_partner(session, partner)
    return await _change(request, chain, data, leaves_open=data.leaves_open)


@get(_OF_CLIENT, summary="Read a client's policy", tags=TAGS)
async def read_client_policy(request: Call, client: FromPath[str]) -> PolicyView:
    """For all of its environments."""
    async with request.transaction() as session:
        return await _shown(session, await _of_client(request, session, client))


@put(_OF_CLIENT, summary="Set a client's policy", tags=TAGS)
async def set_client_policy(request: Call, client: FromPath[str], data: JSONBody[NewPolicy]) -> PolicyView:
    """For all of its environments, beside what it inherits; not while the client is suspended."""
    async with request.transaction() as session:
        chain = await _of_client(request, session, client)
    return await _change(request, chain, data, of_client=client)


@get(tenant_paths("/policy"), summary="Read the policy of an environment", tags=TAGS)
async def read_environment_policy(request: Call) -> PolicyView:
    """Its client's, with what that inherits: a workflow is published and deployed, and a run writes, by all of it."""
    async with request.transaction() as session:
        return await _shown(session, await policies.of_tenant(session, request.tenant.tenant_id))


async def _of_partner(session: AsyncSession, partner: str) -> list[Owner]:
    return levels.of_partner((await service.find_partner(session, partner)).partner_id)


async def _of_client(request: Call, session: AsyncSession, client: str) -> list[Owner]:
    found = await service.find_client(session, request.principal.partner_id, client)
    return levels.of_client(found.partner_id, found.client_id)


async def _change(
    request: Call,
    chain: Sequence[Owner],
    data: NewPolicy,
    *,
    of_client: str | None = None,
    leaves_open: Sequence[str] = (),
) -> PolicyView:
    rules = [
        Rule(name=one.name, domains=tuple(one.domains), undeclared=one.undeclared, reason=one.reason)
        for one in data.rules
    ]
    async with request.transaction() as session:
        if of_client is not None:
            await service.find_changeable(session, request.principal.partner_id, of_client)
        await policies.lock(session, chain[-1])

        async def present() -> PolicyView:
            return await _shown(session, chain)

        await request.match(present)
        actor = request.principal.actor
        await policies.change(session, chain[-1], rules, actor=actor, leaves_open=leaves_open)
        return await _shown(session, chain)


async def _shown(session: AsyncSession, chain: Sequence[Owner]) -> PolicyView:
    *above, own = await policies.read(session, chain)
    inherited = [InheritedPolicy(**_members(one)) for one in above]
    return PolicyView(**_members(own), inherited=inherited)


def _members(one: Policy) -> dict[str, Any]:
    rules = [msgspec.convert(rule, RuleView, from_attributes=True) for rule in one.rules]
    return {
        "level": one.owner.level,
        "owner": one.owner.public_id,
        "version": one.version,
        "set_at": one.set_at,
        "shipped": one.shipped,
        "rules": rules,
    }


HANDLERS: Final = (
    read_operator_policy,
    set_operator_policy,
    read_partner_policy,
    set_partner_policy,
    read_client_policy,
    set_client_policy,
    read_environment_policy,
)
