"""The readiness board: what a client's environment has of what templates ask for (ADR 0084, 0134)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from infra import ids
from services.api.call import Call
from services.api.fields import Instant, Slug
from services.api.policy import tenant_paths
from services.connectors import certification, levels
from services.connectors.health import checks
from services.connectors.registry import Registry
from services.engine import outages
from tenants.deployments import board, grouping, readiness
from tenants.deployments.board import Entry, Need
from tenants.deployments.demands import ParameterCause, ParameterDemand, RoleCause, RoleDemand
from tenants.deployments.readiness import Cause, Judged, Level, Offer, Standing, Verdict

TAGS: Final = ["deployments"]
StandingField = Annotated[
    Standing,
    Meta(
        description="`green`: it can be used. `amber`: it can, and somebody should look first. `red`: it cannot.",
        examples=["green"],
    ),
]
Why = Annotated[str, Meta(description="In words.", examples=["No connection offers erp.sales-orders.create."])]
Do = Annotated[str | None, Meta(description="What helps; null: nothing is to do.")]


class OfferView(msgspec.Struct, frozen=True, kw_only=True):
    """A connection, or a connection group, that is bound to a need or offers at least a part of it."""

    kind: Literal["connection", "group"]
    id: str
    name: Slug
    connector: Annotated[str | None, Meta(description="Null for a group.")]
    level: Annotated[
        Level | None, Meta(description="How far its connector is proven, of a group that of the connection below.")
    ]
    standing: StandingField
    cause: Cause
    connection: Annotated[Slug, Meta(description="That this is said of: of a group the worst that its rules lead to.")]
    lacks: Annotated[list[str], Meta(description="Operations that its connector does not offer.")]
    away_since: Instant | None
    why: Why
    do: Do
    deployments: Annotated[list[str], Meta(description="Names of the active ones that have bound it to this need.")]


class ConnectorChoice(msgspec.Struct, frozen=True):
    """A connector that offers all that is asked for."""

    name: Annotated[str, Meta(examples=["tryton"])]
    title: str
    level: Level


class NeedView(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that the template names. The worst that is bound counts; without one, the best that is there."""

    name: Slug
    title: str
    operations: Annotated[list[str], Meta(examples=[["erp.sales-orders.create"]])]
    standing: StandingField
    cause: Cause
    connection: Annotated[Slug | None, Meta(description="That this is said of; null: there is none.")]
    lacks: Annotated[list[str], Meta(description="Operations that it does not offer.")]
    why: Why
    do: Do
    offers: Annotated[list[OfferView], Meta(description="What is bound first, then the best first.")]
    connectors: Annotated[list[ConnectorChoice], Meta(description="Of which a connection would do.")]


class ParameterReadiness(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of the template, and where its value comes from."""

    name: str
    title: str
    required: Annotated[bool, Meta(description="Whether the template needs a value.")]
    standing: StandingField
    cause: Annotated[
        ParameterCause,
        Meta(
            description="`set`: with each active deployment. `inherited`: from `level`. `default`: the template's."
            " `optional`: it has none and needs none. `refused`: its value breaks the template's rules."
            " `missing`: it needs one, and there is none."
        ),
    ]
    level: Annotated[str | None, Meta(description="That it inherits from; null: it does not.")]
    detail: Annotated[str | None, Meta(description="Which rule its value breaks.")]
    do: Do


class RoleReadiness(msgspec.Struct, frozen=True, kw_only=True):
    """A role that the template's tasks and exceptions go to."""

    role: Slug
    title: str
    does: str
    process_owner: Annotated[bool, Meta(description="Whether it answers for the whole.")]
    standing: StandingField
    cause: Annotated[
        RoleCause,
        Meta(
            description="`staffed`: somebody of the environment has it. `empty`: nobody has. `disabled`: the role is."
            " `absent`: there is no such role. In `live` what is not staffed is red, elsewhere amber."
        ),
    ]
    people: Annotated[int, Meta(description="How many active people of the environment have it.")]
    do: Do


class TemplateReadiness(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a template: as ready as the worst of all that it needs."""

    template: Slug
    version: str
    title: str
    standing: StandingField
    deployments: Annotated[list[str], Meta(description="Names of the active ones that run this version.")]
    needs: list[NeedView]
    parameters: list[ParameterReadiness]
    roles: Annotated[list[RoleReadiness], Meta(description="The process owner's first.")]


class ReadinessBoard(msgspec.Struct, frozen=True):
    items: list[TemplateReadiness]


@get(tenant_paths("/readiness"), summary="Read the readiness board", tags=TAGS)
async def read_board(
    request: Call,
    template: Annotated[str | None, QueryParameter(description="Only this template.", required=False)] = None,
) -> ReadinessBoard:
    """Which connections, parameters and people there are of those that templates need, and what to do.

    Of each template the newest version, and those that active deployments run. Nothing is sent to any system.
    """
    tenant = request.tenant.tenant_id
    offers = offers_of(request.resources.registry)
    async with request.resources.database.tenant(tenant) as transaction:
        away = await outages.away(transaction, tenant)
        failing = await checks.failing(transaction, tenant)
    async with request.transaction() as session:
        place = request.tenant.environment
        found = await board.read(session, tenant, offers, away, failing, environment=place, template=template)
    return ReadinessBoard([_entry(one, offers) for one in found])


def offers_of(registry: Registry) -> dict[str, Offer]:
    """By connector of this installation."""
    return {
        one.manifest.name: Offer(
            title=one.manifest.title,
            operations=frozenset(operation.name for operation in one.manifest.operations),
            level=certification.standing(one).level,
        )
        for one in registry
    }


def _entry(one: Entry, offers: dict[str, Offer]) -> TemplateReadiness:
    manifest = one.package.manifest
    return TemplateReadiness(
        template=manifest.name,
        version=manifest.version,
        title=manifest.title,
        standing=one.standing,
        deployments=list(one.deployments),
        needs=[_need(need, offers) for need in one.needs],
        parameters=[_parameter(parameter) for parameter in one.parameters],
        roles=[_role(role) for role in one.roles],
    )


def _parameter(one: ParameterDemand) -> ParameterReadiness:
    where = "" if one.level is None else f" at the level `{one.level}`, or set it"
    help_: dict[ParameterCause, str] = {
        "missing": f"Set {one.name} for the client, or as you deploy.",
        "refused": f"Change {one.name}{where} with the deployment: {one.detail}.",
    }
    return ParameterReadiness(
        name=one.name,
        title=one.title,
        required=one.is_required,
        standing=one.standing,
        cause=one.cause,
        level=one.level,
        detail=one.detail,
        do=help_.get(one.cause),
    )


def _role(one: RoleDemand) -> RoleReadiness:
    help_: dict[RoleCause, str] = {
        "empty": f"Give somebody the role {one.slug}.",
        "disabled": f"Enable the role {one.slug}, and give it to somebody.",
        "absent": f"Make a role {one.slug} for the client's people, and give it to somebody.",
    }
    return RoleReadiness(
        role=one.slug,
        title=one.title,
        does=one.does,
        process_owner=one.is_process_owner,
        standing=one.standing,
        cause=one.cause,
        people=one.people,
        do=help_.get(one.cause),
    )


def _need(one: Need, offers: dict[str, Offer]) -> NeedView:
    choice = readiness.choice(one.operations, offers)
    why, do = _words(one.verdict, choice, offers)
    return NeedView(
        name=one.name,
        title=one.title,
        operations=list(one.operations),
        standing=one.verdict.standing,
        cause=one.verdict.cause,
        connection=None if one.verdict.about is None else one.verdict.about.name,
        lacks=list(one.verdict.lacks),
        why=why,
        do=do,
        offers=[_offer(judged, choice, offers) for judged in one.found],
        connectors=[ConnectorChoice(name, offers[name].title, offers[name].level) for name in choice],
    )


def _offer(one: Judged, choice: list[str], offers: dict[str, Offer]) -> OfferView:
    thing, verdict = one.thing, one.verdict
    about = verdict.about or thing.members[0]
    why, do = _words(verdict, choice, offers)
    known = offers.get(about.connector)
    is_group = thing.kind == "group"
    return OfferView(
        kind=thing.kind,
        id=ids.show(grouping.PREFIX if is_group else "con", thing.id),
        name=thing.name,
        connector=None if is_group else about.connector,
        level=None if known is None else known.level,
        standing=verdict.standing,
        cause=verdict.cause,
        connection=about.name,
        lacks=list(verdict.lacks),
        away_since=about.away,
        why=why,
        do=do,
        deployments=list(thing.deployments),
    )


def _words(verdict: Verdict, choice: list[str], offers: dict[str, Offer]) -> tuple[str, str | None]:
    """Why, and what helps; for people."""
    missing, about = ", ".join(verdict.lacks), verdict.about
    named = [levels.named(one, offers[one].level) for one in choice]
    instead = f"a connection of {' or '.join(named)}" if choice else "a connector that offers it all, and a connection"
    if about is None:
        return f"No connection offers {missing}.", f"Make {instead}."
    told: dict[Cause, tuple[str, str | None]] = {
        "ready": (f"{about.name} offers it all, and {about.connector} is certified.", None),
        "older": (
            f"{about.name} offers it all; {about.connector} is certified for an older version of its code or tests.",
            None,
        ),
        "simulated": (
            f"{about.name} offers it all; {about.connector} is proven against a simulator alone.",
            "Before the client goes live, put the client's own system behind it.",
        ),
        "unproven": (
            f"{about.name} offers it all; {about.connector} is not yet certified.",
            "Try it with the client's own system in another environment before the client goes live.",
        ),
        "failing": (
            f"The last check of {about.name} failed: {about.fails}.",
            f"Look at the health of {about.name}, which says what to change.",
        ),
        "away": (
            f"The system behind {about.name} is away.",
            f"Look at the outage of {about.name}. What waits for it goes on by itself.",
        ),
        "disabled": (f"{about.name} is disabled.", f"Enable {about.name}, or bind another connection."),
        "lacks": (f"{about.name} does not offer {missing}.", f"Make {instead}, and bind that."),
    }
    return told[verdict.cause]


HANDLERS: Final = (read_board,)
