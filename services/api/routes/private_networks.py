from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import take_turn
from services.api.call import Call
from services.api.fields import Environment, Instant
from tenants.organizations import private_networks, service
from tenants.organizations.models import PrivateNetwork
from tenants.organizations.private_networks import Place

TAGS: Final = ["private networks"]
_PATH: Final = "/v1/operator/private-networks"
Network = Annotated[str, Meta(min_length=1, max_length=43, examples=["10.20.0.0/16"])]


class NetworkToClose(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    client: Annotated[str, Meta(min_length=1, max_length=64, description="Id of the client.")]
    environment: Environment
    network: Network


class NetworkToOpen(NetworkToClose, frozen=True, forbid_unknown_fields=True, kw_only=True):
    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class NetworkView(msgspec.Struct, frozen=True, kw_only=True):
    """A private network that the calls of one environment may reach."""

    tenant: Annotated[str, Meta(description="Id of the environment.", examples=["ten_01h455vb4pex5vsknk084sn02q"])]
    network: str
    reason: str
    opened_by: str
    opened_at: Instant


class NetworkList(msgspec.Struct, frozen=True):
    items: list[NetworkView]


@get(_PATH, summary="List opened private networks", tags=TAGS)
async def list_private_networks(request: Call) -> NetworkList:
    """By environment. What the settings of the installation open to everybody is not among them."""
    async with request.transaction() as session:
        return await _all(session)


@post(_PATH, summary="Open a private network", tags=TAGS, status_code=200)
async def open_private_network(request: Call, data: JSONBody[NetworkToOpen]) -> NetworkView:
    """To the calls of one environment, within seconds: connections, documents, webhooks. Safe to repeat."""
    async with request.transaction() as session:
        await _match(request, session)
        place = await _place(session, data)
        actor = request.principal.actor
        made = await private_networks.open_to(session, place, data.network, data.reason, actor=actor)
        request.version(await _all(session))
        return _view(made)


@post(f"{_PATH}/close", summary="Close a private network", tags=TAGS, status_code=204)
async def close_private_network(request: Call, data: JSONBody[NetworkToClose]) -> None:
    """Within seconds; a call that is under way comes to its end."""
    async with request.transaction() as session:
        await _match(request, session)
        place = await _place(session, data)
        await private_networks.close_to(session, place, data.network, actor=request.principal.actor)


async def _match(request: Call, session: AsyncSession) -> None:
    async def present() -> NetworkList:
        return await _all(session)

    await take_turn(session, "private-networks")
    await request.match(present)


async def _all(session: AsyncSession) -> NetworkList:
    return NetworkList([_view(row) for row in await private_networks.listed(session)])


async def _place(session: AsyncSession, data: NetworkToClose) -> Place:
    found = await service.find_client(session, None, data.client)
    tenant = await service.find_tenant(session, found, data.environment)
    return Place(found.partner_id, tenant.tenant_id)


def _view(row: PrivateNetwork) -> NetworkView:
    return NetworkView(
        tenant=ids.show("ten", row.tenant_id),
        network=row.network,
        reason=row.reason,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
    )


HANDLERS: Final = (list_private_networks, open_private_network, close_private_network)
