from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from infra import ids
from infra.database import Scope as Rows
from infra.ids import TenantId
from infra.setting_mail import ADDRESS
from services.api.call import Call
from services.api.errors import BadParameter
from services.api.fields import Cursor, Instant, Limit, NextCursor, filter_id
from services.api.notices_policy import OPT_OUTS, PREVIEW, WITHDRAW
from services.api.policy import tenant_paths
from services.customer_notices import previewing, reading, status
from services.customer_notices.function import PREFIX
from services.customer_notices.reading import Filter
from services.customer_notices.tables import Outcome, Why
from tenants.mail.models import State
from tenants.organizations import branding
from tenants.organizations.errors import InvalidField

TAGS: Final = ["customer notices"]
Word = Annotated[str, Meta(pattern=r"^[a-z0-9](-?[a-z0-9]){0,62}$", max_length=63)]
About = Annotated[
    str | None,
    QueryParameter(
        required=False,
        max_length=300,
        description="Only about this, by its kind and the key that people know it by: `sales-order:10482`.",
    ),
]
OfRun = Annotated[str | None, QueryParameter(required=False, description="Only of this run.")]


class AboutView(msgspec.Struct, frozen=True):
    kind: Annotated[str, Meta(examples=["sales-order"])]
    key: Annotated[str, Meta(examples=["10482"])]


class NoticeOfCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer was told, or why not."""

    id: Annotated[str, Meta(examples=["ntc_01h455vb4pex5vsknk084sn02q"])]
    notice: Annotated[str, Meta(examples=["delay"], description="Its name, as the workflow has it.")]
    milestone: Annotated[str | None, Meta(examples=["shipped"])]
    about: AboutView | None
    run: Annotated[str, Meta(description="The run that told it.")]
    outcome: Annotated[Outcome, Meta(description="`sent`: a mail was written, whose `mail` says what became of it.")]
    why: Annotated[
        Why | None,
        Meta(description="Of one that was withheld why; `quiet`: it was written in quiet hours, to go out at `at`."),
    ]
    language: Annotated[str, Meta(examples=["en"])]
    at: Annotated[Instant | None, Meta(description="When it was to go out.")]
    created_at: Instant
    mail: Annotated[State | None, Meta(description="What became of its mail; null of none, or of one that is purged.")]
    recipient: Annotated[
        str | None, Meta(description="Its address, while the mail is kept; null for who may not see payloads whole.")
    ]


class NoticesOfCustomers(msgspec.Struct, frozen=True):
    items: list[NoticeOfCustomer]
    next: NextCursor


class WantedPreview(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text and what its places are filled with, as a workflow's call has them."""

    mail: Annotated[
        dict[str, Any],
        Meta(description="`subject` and `text`, each by language such as `en`; `links`: values that may be links."),
    ]
    values: Annotated[dict[str, str | int | float | bool | None], Meta(description="By name.")] = {}
    language: Annotated[str, Meta(max_length=35, description="Of the recipient.", examples=["es-MX"])] | None = None
    recipient: Annotated[str, Meta(max_length=200, description="Their name.")] = ""


class NoticePreview(msgspec.Struct, frozen=True, kw_only=True):
    """The mail as it would be read; the link that ends further notices leads nowhere."""

    language: str
    subject: str
    text: str
    html: str


class OptOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody wants, as they told it to the client."""

    address: Annotated[str, Meta(min_length=3, max_length=254, examples=["buyer@example.com"])]
    wants: Annotated[Literal["none", "all"], Meta(description="`none`: no notices any more; `all`: again.")]
    reason: Annotated[str, Meta(min_length=1, max_length=500, description="Where it is from; it is in the audit.")]


class OptOutSet(msgspec.Struct, frozen=True, kw_only=True):
    wants: Literal["none", "all"]
    changed: Annotated[bool, Meta(description="False: it was so before.")]


class WithdrawLinks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of what the links are, by its kind and the key that people know it by."""

    about: Annotated[str, Meta(min_length=3, max_length=300, examples=["sales-order:10482"])]
    reason: Annotated[str, Meta(min_length=1, max_length=500, description="Why; it is in the audit.")]


class WithdrawnLinks(msgspec.Struct, frozen=True):
    withdrawn: Annotated[int, Meta(description="Links that opened its status page until now.")]


@get(tenant_paths("/customer-notices"), summary="List notices to customers", tags=TAGS)
async def list_customer_notices(
    request: Call, limit: Limit = 50, cursor: Cursor = None, about: About = None, run: OfRun = None
) -> NoticesOfCustomers:
    """What customers were told by mail, and why somebody was not; newest first."""
    page, tenant = request.page(limit, cursor), TenantId(request.tenant.tenant_id)
    kind, key = _about(about)
    only = Filter(kind=kind, key=key, run=filter_id("run", "run", run))
    async with request.resources.database.tenant(tenant) as connection:
        rows, last = await reading.listed(connection, tenant, page, only)
    return NoticesOfCustomers([_view(request, one) for one in rows], request.cursor(last))


@post(tenant_paths(PREVIEW), summary="Preview a notice", tags=TAGS, status_code=200)
async def preview_customer_notice(request: Call, data: JSONBody[WantedPreview]) -> NoticePreview:
    """How a text would be read, in the brand that the client's customers see. Nothing is kept or sent."""
    partner_id = request.tenant.partner_id
    async with request.transaction(Rows.partner(partner_id)) as session:
        partner = await branding.partner_of(session, partner_id)
        brand = branding.look_of(partner, await branding.brand_row(session, partner_id))
    try:
        shown = previewing.shown(data.mail, data.values, data.language, data.recipient, brand)
    except ValueError as error:
        raise InvalidField("/mail", str(error)) from None
    return NoticePreview(language=shown.language, subject=shown.subject, text=shown.text, html=shown.html)


@post(tenant_paths(OPT_OUTS), summary="Say whether an address wants notices", tags=TAGS, status_code=200)
async def set_notice_opt_out(request: Call, data: JSONBody[OptOut]) -> OptOutSet:
    """For who told it by telephone or letter; whose link says it need not. What waits is not sent any more."""
    address = data.address.strip().lower()
    if ADDRESS.fullmatch(address) is None:
        raise InvalidField("/address", "Use an address such as buyer@example.com")
    async with request.resources.database.tenant(TenantId(request.tenant.tenant_id)) as connection:
        is_out = data.wants == "none"
        actor = request.principal.actor
        changed = await reading.set_opt_out(connection, address, is_out=is_out, actor=actor, reason=data.reason)
    return OptOutSet(wants=data.wants, changed=changed)


@post(tenant_paths(WITHDRAW), summary="Withdraw the links of a status page", tags=TAGS, status_code=200)
async def withdraw_status_links(request: Call, data: JSONBody[WithdrawLinks]) -> WithdrawnLinks:
    """No mail that went out leads to it any more; a later notice has a link of its own. Safe to repeat."""
    tenant, actor = TenantId(request.tenant.tenant_id), request.principal.actor
    async with request.resources.database.tenant(tenant) as connection:
        count = await status.withdraw(connection, tenant, data.about, actor=actor, reason=data.reason)
    return WithdrawnLinks(count)


def _about(text: str | None) -> tuple[str | None, str | None]:
    """Raises BadParameter."""
    if text is None:
        return None, None
    kind, colon, key = text.partition(":")
    if not (kind and colon and key):
        raise BadParameter("'about' is a kind and a key, such as sales-order:10482", parameter="about")
    return kind, key


def _view(request: Call, row: Any) -> NoticeOfCustomer:
    return NoticeOfCustomer(
        id=ids.show(PREFIX, row["notice_id"]),
        notice=row["notice"],
        milestone=row["milestone"],
        about=None if row["about_kind"] is None else AboutView(row["about_kind"], row["about_key"]),
        run=ids.show("run", row["run_id"]),
        outcome=row["outcome"],
        why=row["why"],
        language=row["language"],
        at=row["due_at"],
        created_at=row["created_at"],
        mail=row["state"],
        recipient=row["recipient"] if request.payloads == "whole" else None,
    )


HANDLERS: Final = (list_customer_notices, preview_customer_notice, set_notice_opt_out, withdraw_status_links)
