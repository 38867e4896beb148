"""Private networks that the operator opened to one environment of a client (ADR 0058). The caller commits."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra.egress.addresses import networks
from infra.problems import Invalid, NotFound
from tenants.audit import service as audit
from tenants.organizations.models import PrivateNetwork

PRIVATE: Final = networks(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
"""Of what may be opened (RFC 1918, 6598, 4193). Loopback and link-local addresses are the installation's own."""


class NotPrivate(Invalid):
    """The text is no network, or none that may be opened to a client. `errors` lists `{pointer, detail}`."""

    name = "network-not-private"
    title = "This network cannot be opened"


class NotOpened(NotFound):
    """The environment has no such network."""


class Place(msgspec.Struct, frozen=True):
    """An environment of a client of a partner's."""

    partner_id: UUID
    tenant_id: UUID


def canonical(text: str) -> str:
    """The network in one form.

    Raises:
        NotPrivate: it is none, has host bits, or is not wholly inside a private range.
    """
    try:
        network = ip_network(text)
    except ValueError:
        raise _refused("is a network such as 10.20.0.0/16, without host bits") from None
    if not any(network.version == one.version and network.subnet_of(one) for one in PRIVATE):  # type: ignore[arg-type]  # of one version
        raise _refused("lies in a private range (RFC 1918, 6598 or 4193)")
    return str(network)


async def open_to(session: AsyncSession, place: Place, network: str, reason: str, *, actor: str) -> PrivateNetwork:
    """Let an environment's calls reach a private network; safe to repeat. Only in the operator's scope.

    Raises:
        NotPrivate: as `canonical`.
    """
    text = canonical(network)
    values = {"tenant_id": place.tenant_id, "network": text, "reason": reason, "opened_by": actor}
    made = insert(PrivateNetwork).values(**values).on_conflict_do_nothing().returning(PrivateNetwork.network)
    if (await session.execute(made)).first() is not None:
        await _record(session, place, "network.opened", text, reason, actor)
    found = await session.get(PrivateNetwork, (place.tenant_id, text), populate_existing=True)
    if found is None:
        raise NotOpened
    return found


async def close_to(session: AsyncSession, place: Place, network: str, *, actor: str) -> None:
    """No more of it; connections that are kept open to it end with the next call, within seconds.

    Raises:
        NotPrivate, NotOpened: it is not open to this environment.
    """
    text = canonical(network)
    gone = delete(PrivateNetwork).where(PrivateNetwork.tenant_id == place.tenant_id, PrivateNetwork.network == text)
    if (await session.execute(gone.returning(PrivateNetwork.network))).first() is None:
        raise NotOpened
    await _record(session, place, "network.closed", text, None, actor)


async def listed(session: AsyncSession, tenant_id: UUID | None = None) -> list[PrivateNetwork]:
    """Of all environments, or of one."""
    query = select(PrivateNetwork).order_by(PrivateNetwork.tenant_id, PrivateNetwork.network)
    if tenant_id is not None:
        query = query.where(PrivateNetwork.tenant_id == tenant_id)
    return list((await session.scalars(query)).all())


def _refused(detail: str) -> NotPrivate:
    return NotPrivate.at("/network", detail)


async def _record(  # noqa: PLR0913, PLR0917 (the members of a record)
    session: AsyncSession, place: Place, action: str, network: str, reason: str | None, actor: str
) -> None:
    after = {"network": network, "reason": reason}
    target = str(place.tenant_id)
    await audit.record(session, actor=actor, action=action, target=target, after=after, partner_id=place.partner_id)
