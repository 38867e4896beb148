from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta

from infra import ids
from infra.database import Scope as Rows
from infra.pagination import cut
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.routes.people import partner_of
from tenants.mail import repository, service
from tenants.mail.errors import UnknownSuppression
from tenants.mail.models import Mail, MailSuppression, State

TAGS: Final = ["people"]


class MailView(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to somebody, without what it says."""

    id: Annotated[str, Meta(examples=["mail_01h455vb4pex5vsknk084sn02q"])]
    kind: Annotated[str, Meta(examples=["people.invited"])]
    recipient: str
    tenant: str | None
    state: Annotated[
        State,
        Meta(
            description="`kept`: no mail server is set, it went nowhere; `bounced`: the address is refused for good; "
            "`dead`: given up; `void`: what it announced is over."
        ),
    ]
    reason: Annotated[
        str | None,
        Meta(description="Of a mail that did not arrive: why, with the codes of the mail server that refused it."),
    ]
    tries: int
    created_at: Instant
    ended_at: Instant | None


class MailList(msgspec.Struct, frozen=True):
    items: list[MailView]
    next: NextCursor


class SuppressionView(msgspec.Struct, frozen=True, kw_only=True):
    """An address that nothing is sent to, since its server refused it for good."""

    id: Annotated[str, Meta(examples=["sup_01h455vb4pex5vsknk084sn02q"])]
    address: str
    tenant: str | None
    reason: str
    created_at: Instant


class Lifting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=500, description="Why; it is in the audit.")]


class SuppressionList(msgspec.Struct, frozen=True):
    items: list[SuppressionView]
    next: NextCursor


@get("/v1/mails", summary="List mails", tags=TAGS)
async def list_mails(request: Call, limit: Limit = 50, cursor: Cursor = None) -> MailList:
    """To your own people, newest first; a partner sees those to its clients' people, too."""
    page = request.page(limit, cursor)
    async with request.transaction() as session:
        found = await repository.listed(session, partner_of(request), page)
    rows, last = cut(found, page, lambda row: str(row.mail_id))
    return MailList([_mail(one) for one in rows], request.cursor(last))


@get("/v1/mail-suppressions", summary="List suppressed addresses", tags=TAGS)
async def list_suppressions(request: Call, limit: Limit = 50, cursor: Cursor = None) -> SuppressionList:
    """Of your own people, newest first; a partner sees those of its clients' people, too."""
    page = request.page(limit, cursor)
    async with request.transaction() as session:
        found = await repository.suppressed(session, partner_of(request), page)
    rows, last = cut(found, page, lambda row: str(row.suppression_id))
    return SuppressionList([_suppression(one) for one in rows], request.cursor(last))


@post("/v1/mail-suppressions/{suppression:str}/lift", summary="Write to an address again", tags=TAGS, status_code=200)
async def lift_suppression(request: Call, data: JSONBody[Lifting]) -> SuppressionView:
    """What was not sent meanwhile stays unsent."""
    partner_id, suppression_id = partner_of(request), request.path_id("sup", "suppression")
    async with request.transaction() as session:
        found = await repository.find_suppression(session, partner_id, suppression_id)
    if found is None:
        raise UnknownSuppression
    rows = Rows.partner(partner_id) if found.tenant_id is None else Rows.tenant(found.tenant_id)
    async with request.transaction(rows) as session:
        await service.lift(session, found, data.reason, actor=request.principal.actor)
    return _suppression(found)


def _mail(row: Mail) -> MailView:
    return MailView(
        id=ids.show("mail", row.mail_id),
        kind=row.kind,
        recipient=row.recipient,
        tenant=None if row.tenant_id is None else ids.show("ten", row.tenant_id),
        state=row.state,
        reason=row.reason,
        tries=row.tries,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def _suppression(row: MailSuppression) -> SuppressionView:
    return SuppressionView(
        id=service.shown(row),
        address=row.address,
        tenant=None if row.tenant_id is None else ids.show("ten", row.tenant_id),
        reason=row.reason,
        created_at=row.created_at,
    )


HANDLERS: Final = (list_mails, list_suppressions, lift_suppression)
