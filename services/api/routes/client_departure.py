from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from infra import ids
from infra.ids import TenantId
from infra.problems import Invalid
from services.api import previews
from services.api.call import Call
from services.api.certificates import Certificate, certify, public_key
from services.api.routes.clients import TAGS, ClientDetail, ClientView, detail, view
from tenants.organizations import departure, service
from tenants.organizations.errors import ClientStands
from tenants.organizations.models import Client
from tenants.organizations.models import Deletion as Deleted
from tenants.organizations.names import check_name

_PURPOSE: Final = "delete-client"
_LONGEST_REASON: Final = 200


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    partner: Annotated[str, Meta(min_length=1, max_length=125, description="Id or slug of the partner that takes it.")]
    overlap_seconds: Annotated[
        int,
        Meta(
            ge=0,
            le=departure.LONGEST_KEYS,
            description="For how long the client's API keys work on, which the former partner has seen.",
        ),
    ] = 0


class Deleting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`preview: true`; then the preview's `token` with a `reason`."""

    preview: bool = False
    token: Annotated[str, Meta(max_length=previews.MAX_TEXT)] | None = None
    reason: Annotated[str, Meta(min_length=1, max_length=_LONGEST_REASON)] | None = None


class Deletion(msgspec.Struct, frozen=True, kw_only=True):
    """Of a preview the client that would go, with the token; of what was done the certificate as it stands."""

    client: ClientDetail | None
    token: Annotated[str | None, Meta(description="Good for 24 hours, for this client.")]
    certificate: Certificate | None


class CertificateKey(msgspec.Struct, frozen=True):
    """Of Ed25519 (RFC 8032). It stays the same as long as the installation's key file does."""

    public_key: Annotated[str, Meta(description="Base64 of 32 bytes.")]


@post("/v1/clients/{client:str}/move", summary="Move a client to another partner", tags=TAGS, status_code=200)
async def move_client(request: Call, client: FromPath[str], data: JSONBody[Move]) -> ClientView:
    """With its environments, accounts, roles, providers, quotas and parameters. The former partner's access ends.

    API keys end: the new partner makes others. Sessions, passkeys and invitations end; people sign in on the new
    partner's host with password and second factor. Inherited parameters are those of the new partner when a
    deployment is revised. Safe to repeat.
    """
    async with request.transaction() as session:
        found = await service.find_client(session, None, client, lock=True)

        async def present() -> ClientDetail:
            return detail(found, await service.tenants_of(session, found))

        await request.match(present)
        to = await service.find_partner(session, data.partner, lock=True)
        keys_end = timedelta(seconds=data.overlap_seconds)
        await departure.move(session, found, to, actor=request.principal.actor, keys_end=keys_end)
        session.expunge_all()
        moved = view(await service.find_client(session, None, ids.show("cli", found.client_id)))
    request.app.state.directory.forget()
    return moved


@post("/v1/clients/{client:str}/delete", summary="Delete a client", tags=TAGS, status_code=200)
async def delete_client(request: Call, client: FromPath[str], data: JSONBody[Deleting]) -> Deletion:
    """For good, and of a suspended client alone: first with `preview`, then with the preview's token and a reason.

    Secrets and the keys that sealed them are destroyed at once, all else within hours. Let it be exported before.
    """
    async with request.transaction() as session:
        found = await service.find_client(session, request.principal.partner_id, client, lock=True)

        async def present() -> ClientDetail:
            return detail(found, await service.tenants_of(session, found))

        await request.match(present)
        if data.preview and data.token is None:
            if found.status != "suspended":
                raise ClientStands(f"The client is {found.status}; only a suspended one is deleted")
            shown = detail(found, await service.tenants_of(session, found))
            return Deletion(client=shown, token=previews.issue(request, _PURPOSE, *_bound(found)), certificate=None)
        if data.preview or data.token is None or data.reason is None:
            told = "Send 'preview': true, then the preview's 'token' with a 'reason'"
            raise Invalid.at("", told)
        tenant, content = _bound(found)
        if previews.read(request, _PURPOSE, tenant, data.token) != content:
            raise Invalid("The token is another client's", errors=[{"pointer": "/token", "detail": "another client's"}])
        reason = check_name(data.reason, "/reason")
        row = await departure.delete(session, found, reason, actor=request.principal.actor)
        answer = Deletion(client=None, token=None, certificate=_certificate(request, row))
    request.app.state.directory.forget()
    return answer


@get("/v1/clients/{client:str}/certificate", summary="Read the certificate of a deletion", tags=TAGS)
async def read_certificate(request: Call, client: FromPath[str]) -> Certificate:
    """By the client's id: what was destroyed, removed and kept, signed once all is done."""
    async with request.transaction() as session:
        found = await service.find_client(session, request.principal.partner_id, client)
        return _certificate(request, await departure.find(session, found.client_id))


@get("/v1/certificate-key", summary="Read the key of certificates", tags=TAGS)
async def read_certificate_key(request: Call) -> CertificateKey:
    """What certificates of this installation are checked with: compare it with the one in yours."""
    return CertificateKey(public_key=public_key(request.resources.settings.service_key))


def _bound(found: Client) -> tuple[TenantId, bytes]:
    return TenantId(found.client_id), found.client_id.bytes


def _certificate(request: Call, row: Deleted) -> Certificate:
    known = request.resources.settings
    return certify(row, known.service_key, known.backup_days)


HANDLERS: Final = (move_client, delete_client, read_certificate, read_certificate_key)
