"""A client whose customers are told things, and the rows that a told one leaves."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from infra import ids
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from infra.ids import TenantId
from services.customer_notices.function import NAME
from services.engine.advance import Advance
from services.engine.definitions import Definitions
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Function
from tenants.organizations import branding, link_texts
from tenants.organizations import service as organizations
from tests.services.human_tasks.office import Office
from tests.superuser import connected
from tests.world import World, make_tenant

BUYER = "buyer@shop.example"
TOKEN = "t" * 43
DOCUMENT = """
document: {dsl: '1.0.3', namespace: tests, name: telling, version: 1.0.0}
input: {from: '${ .[0].data.value }'}
do:
  - tell:
      call: notice:1.0.0@default
      with:
        notice:
          name: shipped
          subject: {en: 'Order {{ values.order }}', es: 'Pedido {{ values.order }}'}
          text: {en: 'It is on its way, {{ recipient }}.', es: 'Está en camino.'}
        milestone: shipped
        to: '${ .to }'
        about: {kind: sales-order, key: SO-1}
        values: {order: SO-1}
        promise: '${ .promise }'
"""
FIXED = (
    DOCUMENT.replace("input: {from: '${ .[0].data.value }'}\n", "")
    .replace("to: '${ .to }'", "to: {email: buyer@shop.example, name: Nina, language: es-MX}")
    .replace("        promise: '${ .promise }'\n", "")
)
"""To whom is written down."""


class Teller(Office):
    """A worker that dies where it is told to, and is followed by another one."""

    def __init__(self, app: Database, worker: Database, tenant: TenantId, does: Function, name: str = NAME) -> None:
        super().__init__(app, worker, tenant)
        definitions = Definitions(worker, Expressions(ExpressionPool(size=1)))
        given: dict[str, Any] = {"leave_after_commit": lambda: False, "told": lambda: None}
        self._advance = Advance(worker, definitions, {name: does}, self._journal, self._claims, **given)


async def make_client(app: Database, slug: str = "acme") -> World:
    """Whose partner has a host that links lead to."""
    world = await make_tenant(app, slug)
    async with app.session(Scope.operator()) as session:
        partner = await branding.partner_of(session, world.partner_id)
        await branding.add_host(session, partner, f"portal.{slug}.example", actor="test")
        await session.commit()
    return world


async def leave(
    stack: Stack,
    endpoints: Endpoints,
    partner: Any,
    tenant: Any,
    token: str = TOKEN,
    *,
    run: Any = None,
    about: str = "SO-1",
    milestone: str = "shipped",
    promise: tuple[str, str] | None = None,
) -> tuple[Any, Any]:
    """A notice that was told, with its mail, which waits; their ids."""
    notice, mail = ids.new(), ids.new()
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        who = await connection.fetchval("SELECT app.notice_address($1, $2)", tenant, BUYER)
        await connection.execute(
            "INSERT INTO app.mail (partner_id, mail_id, tenant_id, kind, recipient, recipient_name, facts) "
            "VALUES ($1, $2, $3, 'customer.notice', $4, 'Buyer', '{}')",
            partner,
            mail,
            tenant,
            BUYER,
        )
        await connection.execute(
            "INSERT INTO app.customer_notice (tenant_id, notice_id, key, run_id, notice, milestone, about_kind, "
            "about_key, outcome, language, address_digest, link_digest, mail_id, due_at, promise_was, promise_now) "
            "VALUES ($1, $2, $3, $4, 'shipped', $8, 'sales-order', $9, 'sent', 'en', $5, $6, $7, now(), $10, $11)",
            tenant,
            notice,
            str(notice),
            run or ids.new(),
            who,
            hashlib.sha256(token.encode()).digest(),
            mail,
            milestone,
            about,
            *(promise or (None, None)),
        )
    return notice, mail


async def lead(stack: Stack, endpoints: Endpoints, tenant: Any, about: str = "SO-1", address: str = BUYER) -> str:
    """The text of a link to the status page of an order, as a notice to the address makes one."""
    token = link_texts.new(tenant)
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute(
            "INSERT INTO app.link (tenant_id, link_id, purpose, subject, recipient, occasion, token_hash, is_lasting, "
            "made_by, expires_at) VALUES ($1, $2, 'status', $3, 'customer:' || "
            "encode(app.notice_address($1, $4), 'hex'), $5, $6, true, 'run:x', now() + interval '1 day')",
            tenant,
            ids.new(),
            f"sales-order:{about}",
            address,
            token[-20:],
            link_texts.digest(token),
        )
    return token


async def partner_named(app: Database, slug: str) -> Any:
    async with app.session(Scope.operator()) as session:
        return await organizations.find_partner(session, slug)


def output(run: Any) -> Any:
    return msgspec.json.decode(run["output"])
