from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.encryption.secret import Secret
from infra.pagination import cut
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor, Status
from services.api.routes.people import partner_of, role_ids
from tenants.identity.openid import providers, repository
from tenants.identity.openid.providers import NAME_LENGTH, Algorithm, NewProvider, SubjectClaim
from tenants.identity.people_models import IdentityProvider

TAGS: Final = ["people"]


class NewProviderBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH, description="On the button to sign in with.")]
    issuer: Annotated[str, Meta(max_length=512, examples=["https://login.example.com"])]
    client_id: Annotated[str, Meta(min_length=1, max_length=255, description="What the provider calls us.")]
    client_secret: Annotated[str, Meta(min_length=8, max_length=512)] | None = None
    algorithm: Annotated[Algorithm, Meta(description="What it signs with; a token of any other is refused.")] = "RS256"
    subject_claim: Annotated[
        SubjectClaim, Meta(description="By which claim of its tokens people are known, for good: Entra ID's is `oid`.")
    ] = "sub"
    newcomers: Annotated[
        str | None,
        Meta(description="Id of the role that whoever the provider sends gets. Absent: only who was invited enters."),
    ] = None


class ProviderRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Where people sign in besides here, without its secret."""

    id: Annotated[str, Meta(examples=["idp_01h455vb4pex5vsknk084sn02q"])]
    name: str
    issuer: str
    client_id: str
    algorithm: Algorithm
    subject_claim: SubjectClaim
    newcomers: str | None
    provisions: Annotated[bool, Meta(description="Whether its directory says over SCIM who the people are.")]
    tenant: Annotated[str | None, Meta(description="Whose people sign in there; null: the partner's.")]
    return_path: Annotated[str, Meta(description="Register each of the partner's hosts with this path there.")]
    logout_path: Annotated[
        str, Meta(description="One of the partner's hosts with this path: where it tells that a session there ended.")
    ]
    status: Status
    created_at: Instant


class ProviderRecords(msgspec.Struct, frozen=True):
    items: list[ProviderRecord]
    next: NextCursor


@get("/v1/identity-providers", summary="List identity providers", tags=TAGS)
async def list_providers(request: Call, limit: Limit = 50, cursor: Cursor = None) -> ProviderRecords:
    """Those that you may see, oldest first."""
    page = request.page(limit, cursor)
    async with request.transaction() as session:
        found = await repository.providers(session, partner_of(request), page)
    rows, last = cut(found, page, lambda row: str(row.provider_id))
    return ProviderRecords([view(one) for one in rows], request.cursor(last))


@post("/v1/identity-providers", summary="Add an identity provider", tags=TAGS)
async def create_provider(request: Call, data: JSONBody[NewProviderBody]) -> ProviderRecord:
    """An OpenID provider of your own. Register the answer's return path there, and the logout path if it tells."""
    role = None if data.newcomers is None else role_ids([data.newcomers]).pop()
    new = NewProvider(
        name=data.name,
        issuer=data.issuer,
        client_id=data.client_id,
        secret=None if data.client_secret is None else Secret(data.client_secret),
        algorithm=data.algorithm,
        subject_claim=data.subject_claim,
        role_id=role,
    )
    async with request.creation() as creation:
        made = await providers.create(creation.session, new, request.principal, request.resources.keys)
        return creation.answer(view(made))


@get("/v1/identity-providers/{provider:str}", summary="Read an identity provider", tags=TAGS)
async def read_provider(request: Call) -> ProviderRecord:
    async with request.transaction() as session:
        return view(await providers.find(session, partner_of(request), request.path_id("idp", "provider")))


@post("/v1/identity-providers/{provider:str}/disable", summary="Disable a provider", tags=TAGS, status_code=200)
async def disable_provider(request: Call) -> ProviderRecord:
    """Nobody signs in there, and the sessions of all whom it vouches for end within 5 seconds. Safe to repeat."""
    return await _set_status(request, "disabled")


@post("/v1/identity-providers/{provider:str}/enable", summary="Enable a provider", tags=TAGS, status_code=200)
async def enable_provider(request: Call) -> ProviderRecord:
    """Safe to repeat."""
    return await _set_status(request, "active")


@post("/v1/identity-providers/{provider:str}/provision", summary="Let it provision", tags=TAGS, status_code=200)
async def let_provision(request: Call) -> ProviderRecord:
    """From now on its directory says over SCIM who the people of this scope are, and no other's. Safe to repeat."""
    async with request.transaction() as session:
        found = await _matched(request, session)
        return view(await providers.provision(session, found, request.principal))


async def _set_status(request: Call, status: Literal["active", "disabled"]) -> ProviderRecord:
    async with request.transaction() as session:
        found = await _matched(request, session)
        return view(await providers.set_status(session, found, status, request.principal))


async def _matched(request: Call, session: AsyncSession) -> IdentityProvider:
    """The provider, held to the version that was seen and locked until the change is done."""
    found = await providers.find(session, partner_of(request), request.path_id("idp", "provider"), lock=True)

    async def present() -> ProviderRecord:
        return view(found)

    await request.match(present)
    return found


def view(row: IdentityProvider) -> ProviderRecord:
    shown = providers.shown(row)
    return ProviderRecord(
        id=shown,
        name=row.name,
        issuer=row.issuer,
        client_id=row.client_id,
        algorithm=row.algorithm,  # type: ignore[arg-type]  # from the list, by the table's own check
        subject_claim=row.subject_claim,  # type: ignore[arg-type]  # likewise
        newcomers=None if row.role_id is None else ids.show("rol", row.role_id),
        provisions=row.provisions,
        tenant=None if row.tenant_id is None else ids.show("ten", row.tenant_id),
        return_path=f"/portal/providers/{shown}/return",
        logout_path=f"/portal/providers/{shown}/logout",
        status=row.status,  # type: ignore[arg-type]  # likewise
        created_at=row.created_at,
    )


HANDLERS: Final = (list_providers, create_provider, read_provider, disable_provider, enable_provider, let_provision)
