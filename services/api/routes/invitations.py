from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta

from infra import clock, ids
from infra.database import Scope as Rows
from infra.pagination import cut
from services.api.call import Call
from services.api.fields import Cursor, Environment, Instant, Limit, Name, NextCursor
from services.api.routes.people import RoleIds, partner_of, role_ids, tenant_named
from tenants.identity import emails, invitations, people_repository
from tenants.identity import invitation_repository as repository
from tenants.identity.invitations import NewInvitation, Status
from tenants.identity.people_models import Invitation
from tenants.mail import service as mail
from tenants.mail.reasons import NO_SENDER

TAGS: Final = ["people"]


class NewInvitationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """For the caller's own people; a partner names client and environment to ask a client's in."""

    email: Annotated[str, Meta(min_length=3, max_length=254)]
    name: Name
    roles: RoleIds
    client: Annotated[str | None, Meta(description="Id or slug of a client; with `environment`.")] = None
    environment: Environment | None = None
    host: Annotated[str, Meta(max_length=253, description="Of the partner's; absent: its first.")] | None = None
    mail: Annotated[bool, Meta(description="Whether the link goes to the address by mail as well.")] = True
    language: Annotated[Literal["en", "es"] | None, Meta(description="Of the mail; absent: the partner's.")] = None


class InvitationView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is asked in, without the link."""

    id: Annotated[str, Meta(examples=["inv_01h455vb4pex5vsknk084sn02q"])]
    email: str
    name: Name
    tenant: str | None
    roles: list[str]
    inviter: str
    status: Status
    created_at: Instant
    expires_at: Instant
    account: Annotated[str | None, Meta(description="The account that came of it.")]
    is_first: Annotated[
        bool,
        Meta(
            description="Of a client's first administrator, who may more than you could give: the link goes out by "
            "mail and is shown to nobody, and counts while nobody there lets people in."
        ),
    ]


class MadeInvitation(InvitationView, frozen=True, kw_only=True):
    """With its link, shown this once."""

    link: Annotated[
        str | None,
        Meta(
            description="To be handed to the person and to nobody else. It is never shown again; of a client's first "
            "administrator not even this once."
        ),
    ]
    unmailed: Annotated[
        str | None,
        Meta(
            description="Why nobody is mailed although that was wanted, and what to do; null where the mail goes out."
        ),
    ]


class InvitationList(msgspec.Struct, frozen=True):
    items: list[InvitationView]
    next: NextCursor


@get("/v1/invitations", summary="List invitations", tags=TAGS)
async def list_invitations(request: Call, limit: Limit = 50, cursor: Cursor = None) -> InvitationList:
    """Those that you may see, newest first."""
    page = request.page(limit, cursor)
    async with request.transaction() as session:
        found = await repository.of_partner(session, partner_of(request), page)
    rows, last = cut(found, page, lambda row: str(row.invitation_id))
    return InvitationList([view(one) for one in rows], request.cursor(last))


@post("/v1/invitations", summary="Invite somebody", tags=TAGS)
async def create_invitation(request: Call, data: JSONBody[NewInvitationBody]) -> MadeInvitation:
    """The link goes out by mail, and the answer holds it. It leads to the partner's own host, for three days, once.

    Nobody gives what they lack. A partner asks in its client's first administrator all the same, with a role that lets
    people in, before the environment has taken in anything: by mail alone, and the client's log tells.
    """
    partner_id = partner_of(request)
    named = await tenant_named(request, data.client, data.environment)
    tenant_id = named or request.principal.tenant_id
    async with request.transaction(Rows.partner(partner_id)) as session:
        host = await invitations.host_for(session, partner_id, data.host)
        is_colleague = await people_repository.is_colleague(session, partner_id, emails.normal(data.email))
        has_server = bool(request.resources.settings.mail_host)
        why = await mail.hindrance(session, partner_id, has_server=has_server) if data.mail else None
    new = NewInvitation(
        partner_id=partner_id,
        tenant_id=tenant_id,
        email=data.email,
        name=data.name,
        roles=role_ids(data.roles),
        host=host,
        language=data.language,
        is_colleague=is_colleague,
    )
    rows = Rows.partner(partner_id) if tenant_id is None else Rows.tenant(tenant_id)
    link = await invitations.new_link(request.resources.enclosing if data.mail else None)
    async with request.creation(rows) as creation:
        made = await invitations.create(creation.session, new, request.principal, link)
        shown, port = view(made), request.resources.settings.api_port
        # The tag of the next read, which shows no link.
        request.version(shown)
        shown_link = None if made.is_first else f"{address_of(host, port, 'invitation')}#{link.token}"
        unmailed = None if why is None else _what_to_do(why, is_first=made.is_first)
        return creation.answer(MadeInvitation(**msgspec.structs.asdict(shown), link=shown_link, unmailed=unmailed))


@get("/v1/invitations/{invitation:str}", summary="Read an invitation", tags=TAGS)
async def read_invitation(request: Call) -> InvitationView:
    """Without its link."""
    async with request.transaction() as session:
        found = await invitations.find(session, partner_of(request), request.path_id("inv", "invitation"))
        return view(found)


@post("/v1/invitations/{invitation:str}/withdraw", summary="Withdraw an invitation", tags=TAGS, status_code=200)
async def withdraw_invitation(request: Call) -> InvitationView:
    """Nobody accepts it any more. Safe to repeat."""
    partner_id, invitation_id = partner_of(request), request.path_id("inv", "invitation")
    async with request.transaction() as session:
        found = await invitations.find(session, partner_id, invitation_id)
    rows = Rows.partner(partner_id) if found.tenant_id is None else Rows.tenant(found.tenant_id)
    async with request.transaction(rows) as session:
        locked = await invitations.find(session, partner_id, invitation_id, lock=True)

        async def present() -> InvitationView:
            return view(locked)

        await request.match(present)
        return view(await invitations.withdraw(session, locked, actor=request.principal.actor))


def _what_to_do(why: str, *, is_first: bool) -> str:
    """For who asked somebody in whom no mail reaches; the link of a first administrator is nowhere but in the mail."""
    if not is_first:
        todo = "Hand the link over yourself"
    elif why == NO_SENDER:
        todo = "Ask the operator to set one: the mail waits two days for it. After that ask the person in once more"
    else:
        todo = "Ask the operator, who can let the person in"
    return f"Nobody is mailed: {why}. {todo}."


def address_of(host: str, port: int, path: str) -> str:
    """`path` on a partner's host; this machine's own names have no TLS, and no proxy before the server's `port`."""
    if host == "localhost" or host.endswith(".localhost"):
        return f"http://{host}:{port}/{path}"
    return f"https://{host}/{path}"


def view(row: Invitation) -> InvitationView:
    return InvitationView(
        id=invitations.shown(row),
        email=row.email,
        name=row.name,
        tenant=None if row.tenant_id is None else ids.show("ten", row.tenant_id),
        roles=[ids.show("rol", one) for one in row.roles],
        inviter=row.inviter,
        status=_status(row),
        created_at=row.created_at,
        expires_at=row.expires_at,
        account=None if row.account_id is None else ids.show("acc", row.account_id),
        is_first=row.is_first,
    )


def _status(row: Invitation) -> Status:
    if row.account_id is not None:
        return "accepted"
    if row.ended_at is not None:
        return "withdrawn"
    return "expired" if row.expires_at <= clock.now() else "waiting"


HANDLERS: Final = (list_invitations, create_invitation, read_invitation, withdraw_invitation)
