from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import take_turn
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from tenants.organizations import domain_proofs, domains
from tenants.organizations.domain_proofs import Question, Rules
from tenants.organizations.models import DomainClaim

TAGS: Final = ["domains"]
_ONE: Final = "/v1/domains/{domain:str}"
Use = Literal["portal", "api"]


class NewDomain(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    domain: Annotated[str, Meta(min_length=1, max_length=253, examples=["portal.example.com"])]
    use: Annotated[Use, Meta(description="What answers there: your clients' portal, or the API under your name.")] = (
        "portal"
    )


class ProofView(msgspec.Struct, frozen=True, kw_only=True):
    """A TXT record to publish, and to leave there: it is looked for each day."""

    name: Annotated[str, Meta(examples=["_portal-claim.portal.example.com"])]
    type: Literal["TXT"] = "TXT"
    value: str


class DomainView(msgspec.Struct, frozen=True, kw_only=True):
    """A domain that you claimed."""

    domain: str
    use: Use
    state: Annotated[
        Literal["pending", "quarantined", "active", "failing", "released"],
        Meta(
            description="pending: not proven yet · quarantined: proven, and used from `usable_at` on · active · "
            "failing: the proof is gone, and at `ends_at` the domain is taken away · released: not yours any more."
        ),
    ]
    proof: ProofView
    target: Annotated[str | None, Meta(description="Where a CNAME of the domain is to lead; null: your operator says.")]
    found: Annotated[
        Literal["proven", "missing", "points-elsewhere", "unknown", "taken"] | None,
        Meta(
            description="What the last check saw. unknown: too few resolvers say the same, and nothing changed · "
            "points-elsewhere: the CNAME leads to another's place · taken: proven, but in use by somebody else, or "
            "given to you by your operator for another use."
        ),
    ]
    checked_at: Instant | None
    usable_at: Instant | None
    ends_at: Annotated[Instant | None, Meta(description="When it is taken away unless the proof is back.")]
    created_at: Instant


class DomainList(msgspec.Struct, frozen=True):
    items: list[DomainView]
    next: NextCursor


class _Stands(msgspec.Struct, frozen=True):
    """The version of a claim: which it is and where it stands, whenever it was looked for."""

    claim: str
    use: str
    state: str


@post("/v1/domains", summary="Claim a domain", tags=TAGS)
async def claim_domain(request: Call, data: JSONBody[NewDomain]) -> DomainView:
    """Nothing answers there before it is proven. A claim keeps nobody else from claiming the same name."""
    settings = request.resources.settings
    own = (*settings.api_hosts, settings.api_host, *settings.own_domains, *filter(None, [settings.edge_domain.lower()]))
    async with request.creation() as creation:
        partner, actor = request.partner_id, request.principal.actor
        made = await domains.claim(creation.session, partner, data.domain, data.use, own=own, actor=actor)
        return creation.answer(_shown(request, made))


@get("/v1/domains", summary="List the domains that you claimed", tags=TAGS)
async def list_domains(request: Call, limit: Limit = 50, cursor: Cursor = None) -> DomainList:
    """Newest first, those that were given back or taken away among them."""
    async with request.transaction() as session:
        rows, last = await domains.listed(session, request.partner_id, request.page(limit, cursor))
    return DomainList([_view(request, row) for row in rows], request.cursor(last))


@get(_ONE, summary="Read a domain that you claimed", tags=TAGS)
async def read_domain(request: Call, domain: FromPath[str]) -> DomainView:
    """Says which record proves it."""
    async with request.transaction() as session:
        return _shown(request, await domains.find(session, request.partner_id, domain))


@post(f"{_ONE}/check", summary="Look for a domain's proof now", tags=TAGS, status_code=200)
async def check_domain(request: Call, domain: FromPath[str]) -> DomainView:
    """It is looked for by itself as well: within minutes at first, then each day. Safe to repeat."""
    async with request.transaction() as session:
        found = await domains.find(session, request.partner_id, domain)
    if found.state != "released":
        rules = Rules.of(request.resources.settings)
        question = Question(found.partner_id, found.claim_id, found.domain, found.token, found.target)
        seen = await domain_proofs.look(request.resources.lookups, question, rules.edge)
        actor = request.principal.actor
        await domain_proofs.judge(request.resources.database, question, seen, rules, actor)
    async with request.transaction() as session:
        return _view(request, await domains.find(session, request.partner_id, domain))


@post(f"{_ONE}/release", summary="Give a domain back", tags=TAGS, status_code=200)
async def release_domain(request: Call, domain: FromPath[str]) -> DomainView:
    """Nothing answers there within 5 seconds. Another partner that proves it waits 30 days. Safe to repeat."""
    async with request.transaction() as session:
        await _match(request, session, domain)
        actor = request.principal.actor
        return _shown(request, await domains.release(session, request.partner_id, domain, actor=actor))


async def _match(request: Call, session: AsyncSession, domain: str) -> None:
    claim_id = (await domains.find(session, request.partner_id, domain)).claim_id

    async def present() -> _Stands:
        # Another may have been made meanwhile, or a worker have judged this one.
        return _stands(await domains.find(session, request.partner_id, domain))

    await take_turn(session, "domain", claim_id)
    await request.match(present)


def _stands(row: DomainClaim) -> _Stands:
    return _Stands(claim=ids.show("dom", row.claim_id), use=row.use, state=row.state)


def _shown(request: Call, row: DomainClaim) -> DomainView:
    request.version(_stands(row))
    return _view(request, row)


def _view(request: Call, row: DomainClaim) -> DomainView:
    settings = request.resources.settings
    ends = None if row.failing_since is None else row.failing_since + timedelta(hours=settings.domain_grace_hours)
    return DomainView(
        domain=row.domain,
        use=row.use,  # type: ignore[arg-type]  # the table's check constraint holds it to these
        state=row.state,  # type: ignore[arg-type]  # likewise
        proof=ProofView(name=f"{domain_proofs.RECORD}.{row.domain}", value=domain_proofs.proof_of(row.token)),
        target=f"{row.target}.{settings.edge_domain.lower()}" if settings.edge_domain else None,
        found=row.found,  # type: ignore[arg-type]  # written by the door alone
        checked_at=row.checked_at,
        usable_at=row.usable_at,
        ends_at=ends if row.state == "failing" else None,
        created_at=row.created_at,
    )


HANDLERS: Final = (claim_domain, list_domains, read_domain, check_domain, release_domain)
