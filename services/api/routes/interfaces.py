from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from litestar import get, post, put
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra.database import take_turn
from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from services.interfaces import register
from services.interfaces.register import Interface, Said

TAGS: Final = ["interfaces"]
Kind = Annotated[
    Literal["api", "event", "mapping", "connection"],
    Meta(description="The API itself, a type of events, a workflow that maps, a connection."),
]
_TEXT: Final = r"^[^\x00-\x1f\x7f]+$"
InterfaceName = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=_TEXT, examples=["order.captured", "acme/order-release", "erp"])
]
Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=_TEXT)]
Party = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=_TEXT,
        description="As traffic shows it: `deployment:NAME`, `key:key_…`, or the source of events.",
        examples=["deployment:orders"],
    ),
]
Policy = Annotated[
    Literal["declared", "open"], Meta(description="Whether whoever uses it has to be among its consumers.")
]


class NewInterface(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: Kind
    name: InterfaceName
    publisher: Text
    version: Annotated[Text | None, Meta(description="The one that is trusted; null: any that is not retired.")] = None
    retired: Annotated[list[Text], Meta(max_length=100, description="Versions that may be used no more.")] = []
    policy: Policy = "declared"
    consumers: Annotated[list[Party], Meta(max_length=200)] = []


class InterfaceToWithdraw(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: Kind
    name: InterfaceName


class SeenView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who was seen in traffic."""

    role: Literal["publisher", "consumer"]
    party: str
    version: Annotated[str | None, Meta(description="Null where traffic does not say it.")]
    last_at: Instant
    times: Annotated[int | None, Meta(description="Events or runs; null where they are not counted.")]


class FindingView(msgspec.Struct, frozen=True, kw_only=True):
    """What is not as it was declared."""

    kind: Kind
    name: str
    finding: Annotated[
        Literal["undeclared-consumer", "retired-version", "untrusted-version"],
        Meta(
            description="Somebody uses it who is not declared, or a version that is retired, or is not the trusted one."
        ),
    ]
    party: str
    version: str | None
    last_at: Instant
    owner: Annotated[str | None, Meta(description="Whom it concerns.")]


class InterfaceView(msgspec.Struct, frozen=True, kw_only=True):
    """An interface: what was declared of it, and who is seen to use it. Traffic is counted within two minutes."""

    kind: Kind
    name: str
    declared: Annotated[bool, Meta(description="Whether anything was said of it; else nothing about it is a finding.")]
    publisher: str | None
    version: str | None
    retired: list[str]
    policy: Policy
    consumers: list[str]
    seen: list[SeenView]
    health: Annotated[
        Literal["up", "away", "disabled", "quiet"], Meta(description="quiet: nobody used it for seven days.")
    ]
    owner: str | None
    findings: int


class Declared(msgspec.Struct, frozen=True):
    """What was said of interfaces, by kind and name: the version of the register."""

    items: dict[str, Said]


class InterfaceList(msgspec.Struct, frozen=True):
    items: list[InterfaceView]


class FindingList(msgspec.Struct, frozen=True):
    items: list[FindingView]


KindFilter = Annotated[Kind | None, QueryParameter(description="Only of this kind.", required=False)]


@get(tenant_paths("/interfaces"), summary="List the interfaces", tags=TAGS)
async def list_interfaces(request: Call, kind: KindFilter = None) -> InterfaceList:
    """Every API, event type, mapping and connection that was declared or is in use, by kind and name."""
    async with request.transaction() as session:
        found = await _all(request, session)
    return InterfaceList([_view(one) for one in found if kind in {None, one.kind}])


@get(tenant_paths("/interfaces/findings"), summary="List what is wrong with the use of interfaces", tags=TAGS)
async def list_findings(request: Call) -> FindingList:
    """Consumers that nobody declared, and traffic on versions that are retired or not trusted."""
    async with request.transaction() as session:
        found = await _all(request, session)
    return FindingList([row for one in found for row in _findings(one)])


@put(tenant_paths("/interfaces"), summary="Declare an interface", tags=TAGS)
async def declare_interface(request: Call, data: JSONBody[NewInterface]) -> InterfaceView:
    """In place of what was declared before. Safe to repeat."""
    said = Said(
        publisher=data.publisher,
        version=data.version,
        retired=tuple(data.retired),
        policy=data.policy,
        consumers=tuple(data.consumers),
    )
    async with request.transaction() as session:
        await _match(request, session)
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        await register.declare(session, tenant_id, data.kind, data.name, said, actor=actor)
        found = await _all(request, session)
    return next(_view(one) for one in found if (one.kind, one.name) == (data.kind, data.name))


@post(
    tenant_paths("/interfaces/withdraw"), summary="Forget what was declared of an interface", tags=TAGS, status_code=204
)
async def withdraw_interface(request: Call, data: JSONBody[InterfaceToWithdraw]) -> None:
    """What was seen of it stays."""
    async with request.transaction() as session:
        await _match(request, session)
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        await register.withdraw(session, tenant_id, data.kind, data.name, actor=actor)


async def _match(request: Call, session: AsyncSession) -> None:
    async def present() -> Declared:
        return Declared(await register.declared(session, request.tenant.tenant_id))

    await take_turn(session, "interfaces", request.tenant.tenant_id)
    await request.match(present)


async def _all(request: Call, session: AsyncSession) -> list[Interface]:
    """With the version of what is declared, whatever traffic has shown since."""
    request.version(Declared(await register.declared(session, request.tenant.tenant_id)))
    return await register.listed(session, request.tenant.tenant_id)


def _view(one: Interface) -> InterfaceView:
    said = one.said
    publisher = register.OURS if one.kind == "api" else None
    return InterfaceView(
        kind=one.kind,
        name=one.name,
        declared=said is not None,
        publisher=publisher if said is None else said.publisher,
        version=None if said is None else said.version,
        retired=[] if said is None else list(said.retired),
        policy="open" if said is None else said.policy,
        consumers=[] if said is None else list(said.consumers),
        seen=[
            SeenView(role=row.role, party=row.party, version=row.version or None, last_at=row.last_at, times=row.times)
            for row in one.seen
        ],
        health=one.health,
        owner=one.owner,
        findings=len(one.findings),
    )


def _findings(one: Interface) -> list[FindingView]:
    return [
        FindingView(
            kind=one.kind,
            name=one.name,
            finding=row.why,
            party=row.party,
            version=row.version or None,
            last_at=row.last_at,
            owner=one.owner,
        )
        for row in one.findings
    ]


HANDLERS: Final = (list_interfaces, list_findings, declare_interface, withdraw_interface)
