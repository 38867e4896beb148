"""Who comes by a mailed link: the person that it was sent to, on a host of their partner's (ADR 0111)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Final
from uuid import UUID

import msgspec

from infra import clock, ids
from infra.database import Scope
from services.api import task_view
from services.api.call import Call
from services.human_tasks.mailing import PURPOSE
from services.human_tasks.people import Person
from services.links import links
from services.links.links import Link
from services.portal.brands import brand_of
from services.portal.doorkeeper import doorkeeper_of
from tenants.identity import account_repository as repository
from tenants.identity import live_session
from tenants.identity.account_repository import FoundAccount, FoundSession
from tenants.identity.principal import Principal
from tenants.organizations import link_texts
from tenants.organizations.link_texts import LinkOver

HEADER: Final = "x-link"
"""A header and no cookie: no other site's page can send it, and two links in two windows stay two."""
_LONGEST: Final = 128
_TAKES_PEOPLE: Final = "SELECT app.takes_people($1, $2)"
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """`is_enough`: signing in would take no more than the password, so that the link may stand for it."""

    link: Link
    account: FoundAccount
    principal: Principal
    is_enough: bool

    @property
    def tenant(self) -> UUID:
        return self.link.tenant_id

    @property
    def task(self) -> UUID:
        return ids.read("tsk", self.link.subject)


def token_of(request: Call) -> str:
    """The link's text, as its page sends it. What is longer than any is none."""
    text: str = request.headers.get(HEADER, "")
    return text if len(text) <= _LONGEST else ""


async def link_of(request: Call) -> Link:
    """Raises LinkOver: no link, one that is over, or one of a tenant that this host's partner does not serve now."""
    token = token_of(request)
    tenant = link_texts.tenant_of(token)
    async with request.resources.database.tenant(tenant) as connection:
        link = await links.find(connection, tenant, token)
        if not await connection.fetchval(_TAKES_PEOPLE, brand_of(request).partner_id, tenant):
            raise LinkOver
    return link


async def holder_of(request: Call, link: Link) -> Holder:
    """Of a link of a person with an account. Raises LinkOver: as `link_of`, or its person may not sign in."""
    tenant = link.tenant_id
    if link.purpose != PURPOSE:
        raise LinkOver
    account, is_enough = await _account(request, ids.read("acc", link.recipient.removeprefix("account:")))
    if account.own_tenant_id != tenant:
        raise LinkOver
    session = live_session.of(_as_session(account, link))
    if session is None:
        raise LinkOver
    # Whose a refusal is, and how much of a run's data is shown, is told from here on.
    request.scope["state"]["principal"] = session.principal
    return Holder(link=link, account=account, principal=session.principal, is_enough=is_enough)


def person_of(request: Call, holder: Holder, network: str) -> Person:
    """As the API knows who works on tasks, without their roles yet; they manage nothing by a mail."""
    return Person(
        account=holder.account.account_id,
        actor=holder.principal.actor,
        veil=partial(task_view.veiled, level=request.payloads),
        network=network or None,
        via="mail",
    )


async def _account(request: Call, account_id: UUID) -> tuple[FoundAccount, bool]:
    partner_id, keeper = brand_of(request).partner_id, doorkeeper_of(request)
    async with request.resources.database.session(Scope.partner(partner_id)) as session:
        found = await repository.standing(session, partner_id, account_id)
        stored = await repository.stored_hash(session, partner_id, account_id)
        is_provisioned = await repository.is_provisioned(session, partner_id, account_id)
    if found is None:
        raise LinkOver
    # A mailbox is one factor. Who has two, or is let in by a provider that may have shut them out, signs in.
    is_enough = stored is not None and not is_provisioned and not await keeper.factors.is_set(found)
    return found, is_enough


def _as_session(account: FoundAccount, link: Link) -> FoundSession:
    """What the account may do now; never proven, since nobody was asked anything."""
    return FoundSession(
        account=account,
        expires_at=link.expires_at,
        seen_at=clock.now(),
        proved_at=_NEVER,
        acting_reason=None,
        now=clock.now(),
        provider_id=None,
        vouched_at=None,
        sid_hash=None,
    )
