"""Connection groups: several connections of one capability, and the rules that choose among them (ADR 0083)."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final

import msgspec
from litestar import get, patch, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.ids import TenantId
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor, Slug
from services.api.policy import tenant_paths
from services.api.routes.owners import is_required
from services.api.routes.runs import row_of
from services.api.routes.workflows import offers
from services.connectors import choices
from services.connectors.sdk.errors import Refusal
from tenants.connections import rules as binding_rules
from tenants.connections.models import ConnectionGroup
from tenants.connections.rules import Facts, Rule, When
from tenants.deployments import grouping, ownership, reach
from tenants.deployments.errors import InvalidGroup

TAGS: Final = ["deployments"]
_ONE: Final = "/connection-groups/{connection_group:str}"
Values = Annotated[list[binding_rules.Value], Meta(max_length=200)]


class WhenBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a rule is for: of each aspect that it names one of these values. Empty: it is for every call."""

    site: Annotated[Values, Meta(examples=[["reno"]])] = []
    company: Values = []
    channel: Values = []
    owner: Annotated[Values, Meta(description="Systems of the cross-reference, one of which knows the record.")] = []


class RuleBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    connection: Annotated[str, Meta(examples=["con_01h455vb4pex5vsknk084sn02q"])]
    when: WhenBody = msgspec.field(default_factory=WhenBody)


RulesBody = Annotated[
    list[RuleBody],
    Meta(min_length=1, max_length=binding_rules.MOST, description="In order: the first that matches counts."),
]


class NewGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(pattern="^[a-z0-9](-?[a-z0-9]){0,62}$", examples=["warehouses"])]
    rules: RulesBody


class GroupChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules are given whole."""

    rules: RulesBody


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """Several connections of one capability; a deployment binds a name of its workflow to it."""

    id: Annotated[str, Meta(examples=["grp_01h455vb4pex5vsknk084sn02q"])]
    name: Slug
    rules: list[RuleBody]
    revision: Annotated[int, Meta(description="Rises with every change of the rules.")]
    created_at: Instant
    updated_at: Instant


class GroupList(msgspec.Struct, frozen=True):
    items: list[GroupView]
    next: NextCursor


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`for`, as a call says it."""

    whom: Annotated[
        dict[str, Any],
        Meta(
            description="`site`, `company`, `channel`, and `record` with `kind`, `id` and `system`.",
            examples=[{"site": "reno", "record": {"kind": "customer", "system": "shop", "id": "77"}}],
        ),
    ] = msgspec.field(name="for", default_factory=dict)


class TrialView(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules choose now for such a call."""

    connection: Annotated[str | None, Meta(description="Null: no rule is for it, and its run fails.")]
    rule: Annotated[int | None, Meta(description="By which rule, counted from 1.")]
    owners: Annotated[list[str], Meta(description="Systems that know the record, where a rule asks.")]
    missing: Annotated[str | None, Meta(description="For whom there is no rule.")]


class ChoiceView(msgspec.Struct, frozen=True, kw_only=True):
    """Which connection a run calls by a name of its workflow, for what its calls say that they are for."""

    name: str
    facts: Annotated[
        dict[str, Any],
        Meta(
            description="As the call said, with the site of its deployment. They are payload: each is null for who may"
            " not read it whole."
        ),
    ]
    connection: str
    group: str
    group_revision: int
    rule: Annotated[int, Meta(description="Counted from 1, of that revision.")]
    chosen_at: Instant


class ChoiceList(msgspec.Struct, frozen=True):
    items: list[ChoiceView]


@post(tenant_paths("/connection-groups"), summary="Create a connection group", tags=TAGS)
async def create_group(request: Call, data: JSONBody[NewGroup]) -> GroupView:
    """No deployment uses it yet."""
    rules = _rules(data.rules)
    async with request.creation() as creation:
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        made = await grouping.create(creation.session, tenant_id, data.name, rules, offers=offers(request), actor=actor)
        return creation.answer(view(made))


@get(tenant_paths("/connection-groups"), summary="List connection groups", tags=TAGS)
async def list_groups(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    name: Annotated[str | None, QueryParameter(description="Only the one of this name.", required=False)] = None,
) -> GroupList:
    """Newest first."""
    async with request.transaction() as session:
        page = request.page(limit, cursor)
        rows, last = await grouping.listed(session, request.tenant.tenant_id, page, name=name)
        return GroupList([view(row) for row in rows], request.cursor(last))


@get(tenant_paths(_ONE), summary="Read a connection group", tags=TAGS)
async def read_group(request: Call) -> GroupView:
    """With its rules."""
    group_id = request.path_id(grouping.PREFIX, "connection_group")
    async with request.transaction() as session:
        return view(await grouping.find(session, request.tenant.tenant_id, group_id))


@patch(tenant_paths(_ONE), summary="Change a connection group", tags=TAGS)
async def change_group(request: Call, data: JSONBody[GroupChanges]) -> GroupView:
    """Other rules, from this moment on: no deployment gets another revision.

    A run that has chosen a connection for what a call is for keeps it to its end; what it has not chosen yet goes by
    the new rules. Every active deployment that uses the group must fit the connections.
    """
    group_id, rules = request.path_id(grouping.PREFIX, "connection_group"), _rules(data.rules)
    async with request.transaction() as session:
        await request.match(partial(_present, request, session))
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        changed = await grouping.change(session, tenant_id, group_id, rules, offers=offers(request), actor=actor)
        if await is_required(request, session):
            for pair in await grouping.users(session, tenant_id, group_id):
                await ownership.admit(session, tenant_id, pair)
        return view(changed)


@post(tenant_paths(f"{_ONE}/try"), summary="Try the rules of a connection group", tags=TAGS, status_code=200)
async def try_group(request: Call, data: JSONBody[Trial]) -> TrialView:
    """Which connection a call would go to that says this. Nothing is called, and nothing is kept."""
    group_id, tenant = request.path_id(grouping.PREFIX, "connection_group"), TenantId(request.tenant.tenant_id)
    try:
        facts: Facts = choices.facts_of(data.whom)
    except msgspec.ValidationError as error:
        raise InvalidGroup.at("/for", str(error)) from None
    async with request.transaction() as session:
        rules = reach.rules_of(await grouping.find(session, tenant, group_id))
    try:
        async with request.resources.database.tenant(tenant) as transaction:
            said = await choices.said_of(transaction, tenant, rules, facts, None)
    except Refusal as refusal:
        raise InvalidGroup.at("/for/record", refusal.detail) from None
    place = binding_rules.first(rules, said)
    return TrialView(
        connection=None if place is None else ids.show("con", rules[place - 1].connection),
        rule=place,
        owners=sorted(said.owners),
        missing=binding_rules.unmatched(rules, said) if place is None else None,
    )


@get(tenant_paths("/runs/{run:str}/choices"), summary="Read which connections a run chose", tags=TAGS)
async def read_choices(request: Call) -> ChoiceList:
    """By the rules of connection groups, in the order in which it did. It keeps them to its end."""
    run = request.path_id("run", "run")
    await row_of(request, run)
    async with request.resources.database.tenant(TenantId(request.tenant.tenant_id)) as transaction:
        rows = await choices.of_run(transaction, request.tenant.tenant_id, run)
    is_whole = request.payloads == "whole"
    return ChoiceList(
        [
            ChoiceView(
                name=one.name,
                facts={name: value if is_whole else None for name, value in msgspec.to_builtins(one.facts).items()},
                connection=ids.show("con", one.connection),
                group=ids.show(grouping.PREFIX, one.group),
                group_revision=one.revision,
                rule=one.rule,
                chosen_at=one.at,
            )
            for one in rows
        ]
    )


async def _present(request: Call, session: AsyncSession) -> GroupView:
    group_id = request.path_id(grouping.PREFIX, "connection_group")
    return view(await grouping.find(session, request.tenant.tenant_id, group_id, lock=True))


def _rules(given: list[RuleBody]) -> list[Rule]:
    found = []
    for place, one in enumerate(given):
        try:
            connection = ids.read("con", one.connection)
        except ids.MalformedId:
            # In the words of an unknown one, so that nothing can be probed (S-02).
            raise InvalidGroup.at(f"/rules/{place}/connection", "there is no such connection") from None
        found.append(Rule(connection, msgspec.convert(msgspec.to_builtins(one.when), When)))
    return found


def view(row: ConnectionGroup) -> GroupView:
    rules = [
        RuleBody(ids.show("con", one.connection), msgspec.convert(msgspec.to_builtins(one.when), WhenBody))
        for one in reach.rules_of(row)
    ]
    return GroupView(
        id=ids.show(grouping.PREFIX, row.group_id),
        name=row.name,
        rules=rules,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


HANDLERS: Final = (create_group, list_groups, read_group, change_group, try_group, read_choices)
