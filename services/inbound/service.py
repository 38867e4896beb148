"""Endpoints that other systems send webhooks to: made, rotated, closed. The caller commits."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import take_turn
from infra.encryption.secret import Secret
from infra.pagination import Page, cut
from infra.problems import NameTaken
from services.inbound import mapping, repository, verification
from services.inbound.errors import InvalidHook, TooManyHooks, UnknownHook
from services.inbound.mapping import EventOf
from services.inbound.sealing import Place, Safe
from services.inbound.tables import HookRow, HookSecret
from services.inbound.verification import PREFIX, Verification
from tenants.audit import service as audit
from tenants.connections import repository as connections

MOST: Final = 200
"""Endpoints of an environment."""
OVERLAP_SECONDS: Final = 24 * 3600
_ADDRESS_BYTES: Final = 16
_SECRET_BYTES: Final = 32
_MEDIA_TYPE: Final = re.compile(r"application/([a-z0-9.-]+\+)?json")
Status = Literal["active", "disabled"]
Pair = tuple[HookRow, list[HookSecret]]
"""An endpoint, and what is known of the secrets that are good now: the present one first."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` in the clear: what the sender has chosen; None: one is made."""

    name: str
    connection_id: UUID
    verification: Verification
    event: EventOf
    media_types: list[str]
    secret: str | None

    def __repr__(self) -> str:
        return f"Plan({self.name!r})"


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    event: EventOf | UnsetType = UNSET
    media_types: list[str] | UnsetType = UNSET


async def create(session: AsyncSession, tenant_id: UUID, plan: Plan, *, safe: Safe, actor: str) -> tuple[Pair, str]:
    """A new endpoint, active at once, and its secret in the clear.

    Raises:
        InvalidHook: what is declared does not go together, or names no connection of the tenant's.
        NameTaken: the tenant has an endpoint of this name.
        TooManyHooks: it has as many as it may.
    """
    _refuse([(f"/verification{at}", said) for at, said in verification.faults(plan.verification)])
    _refuse(_faults(plan.event, plan.verification, plan.media_types))
    secret = _usable(plan.verification, plan.secret)
    if await connections.find(session, tenant_id, plan.connection_id) is None:
        _refuse([("/connection", "there is no such connection")])
    await take_turn(session, "inbound-webhooks", tenant_id)
    if await repository.count(session, tenant_id) >= MOST:
        raise TooManyHooks(f"An environment has at most {MOST}")
    hook_id = ids.new()
    values: dict[str, Any] = {"tenant_id": tenant_id, "hook_id": hook_id, "connection_id": plan.connection_id}
    values |= {"name": plan.name, "address": secrets.token_urlsafe(_ADDRESS_BYTES), "media_types": plan.media_types}
    values |= {"verification": msgspec.to_builtins(plan.verification), "event": msgspec.to_builtins(plan.event)}
    if not await repository.add(session, values):
        raise NameTaken(f"there is an endpoint `{plan.name}`")
    await _put(session, Place(tenant_id, hook_id, 1), secret, safe, timedelta(0))
    after = {"name": plan.name, "connection": ids.show("con", plan.connection_id), "style": plan.verification.style}
    await _record(session, "webhook.created", hook_id, after, actor)
    return await find(session, tenant_id, hook_id), secret.reveal()


async def change(session: AsyncSession, tenant_id: UUID, hook_id: UUID, changes: Changes, *, actor: str) -> Pair:
    """Take other events of the same requests; every process follows within two seconds.

    Raises:
        UnknownHook: the tenant has none of this id.
        InvalidHook: what is declared does not go together.
    """
    row = await _locked(session, tenant_id, hook_id)
    event = msgspec.convert(row.event, EventOf) if changes.event is UNSET else changes.event
    media_types = row.media_types if changes.media_types is UNSET else changes.media_types
    _refuse(_faults(event, msgspec.convert(row.verification, Verification), media_types))
    wanted: dict[str, Any] = {"event": msgspec.to_builtins(event), "media_types": media_types}
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, wanted[name])
    if changed:
        await repository.touch(session, row)
        await _record(session, "webhook.updated", hook_id, {"changed": changed}, actor)
    return await find(session, tenant_id, hook_id)


async def rotate(  # noqa: PLR0913 (the scope, the thing, and who asks)
    session: AsyncSession, tenant_id: UUID, hook_id: UUID, given: str | None, overlap: int, *, safe: Safe, actor: str
) -> tuple[Pair, str]:
    """Another secret, at once; the one before it is good for `overlap` more seconds, and any older one is not.

    Raises:
        UnknownHook: the tenant has none of this id.
        InvalidHook: the secret that was given is none of the endpoint's style.
    """
    row = await _locked(session, tenant_id, hook_id)
    secret = _usable(msgspec.convert(row.verification, Verification), given)
    version = await repository.newest_version(session, tenant_id, hook_id) + 1
    await _put(session, Place(tenant_id, hook_id, version), secret, safe, timedelta(seconds=overlap))
    await repository.touch(session, row)
    await _record(session, "webhook.rotated", hook_id, {"version": version, "overlap_seconds": overlap}, actor)
    return await find(session, tenant_id, hook_id), secret.reveal()


async def set_status(session: AsyncSession, tenant_id: UUID, hook_id: UUID, status: Status, *, actor: str) -> Pair:
    """Take nothing any more, or again. Safe to repeat.

    Raises:
        UnknownHook: the tenant has none of this id.
    """
    row = await _locked(session, tenant_id, hook_id)
    if row.status != status:
        row.status = status
        await repository.touch(session, row)
        await _record(session, f"webhook.{'enabled' if status == 'active' else 'disabled'}", hook_id, None, actor)
    return await find(session, tenant_id, hook_id)


async def remove(session: AsyncSession, tenant_id: UUID, hook_id: UUID, name: str, *, actor: str) -> Pair:
    """Its address is nobody's and its secrets are gone, for good; what it received stays for its time.

    Raises:
        UnknownHook: the tenant has none of this id.
        InvalidHook: it has another name.
    """
    row = await _locked(session, tenant_id, hook_id)
    if row.name != name:
        _refuse([("/name", f"is not the endpoint's: `{row.name}`")])
    row.status = "deleted"
    await repository.touch(session, row)
    await repository.drop_secrets(session, tenant_id, hook_id)
    await _record(session, "webhook.deleted", hook_id, {"name": row.name}, actor)
    return row, []


async def find(session: AsyncSession, tenant_id: UUID, hook_id: UUID, *, lock: bool = False) -> Pair:
    """Raises UnknownHook: the tenant has none of this id."""
    row = await repository.find(session, tenant_id, hook_id, lock=lock)
    if row is None:
        raise UnknownHook
    return row, await repository.secrets(session, tenant_id, [hook_id])


async def list_hooks(
    session: AsyncSession, tenant_id: UUID, page: Page, *, connection_id: UUID | None, status: str | None
) -> tuple[list[Pair], str | None]:
    """Newest first, and the position of the next page."""
    found = await repository.hooks(session, tenant_id, page, connection_id=connection_id, status=status)
    rows, last = cut(found, page, lambda row: str(row.hook_id))
    known = await repository.secrets(session, tenant_id, [row.hook_id for row in rows])
    return [(row, [one for one in known if one.hook_id == row.hook_id]) for row in rows], last


async def latest(session: AsyncSession, tenant_id: UUID, pairs: Iterable[Pair]) -> dict[UUID, repository.Latest]:
    """What each of them received last, by its id; one that received nothing is left out."""
    return await repository.latest(session, tenant_id, [row.hook_id for row, _ in pairs])


async def _locked(session: AsyncSession, tenant_id: UUID, hook_id: UUID) -> HookRow:
    row = await repository.find(session, tenant_id, hook_id, lock=True)
    if row is None:
        raise UnknownHook
    return row


async def _put(session: AsyncSession, place: Place, secret: Secret, safe: Safe, overlap: timedelta) -> None:
    values = {"tenant_id": place.tenant_id, "hook_id": place.hook_id, "version": place.version}
    sealed = await safe.seal(place, secret)
    await repository.put_secret(session, {**values, "sealed": sealed, "last4": secret.last4}, overlap)


def _usable(given: Verification, text: str | None) -> Secret:
    """The secret that was given, or 32 bytes of our own."""
    if text is None:
        text = PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    try:
        verification.key_of(given, text)
    except ValueError as error:
        _refuse([("/secret", str(error))])
    return Secret(text)


def _faults(event: EventOf, given: Verification, media_types: list[str]) -> list[tuple[str, str]]:
    found = [(f"/event{at}", said) for at, said in mapping.faults(event, given)]
    for place, kind in enumerate(media_types):
        if not _MEDIA_TYPE.fullmatch(kind):
            found.append((f"/media_types/{place}", "is no media type of JSON, such as application/json"))
    if len(set(media_types)) != len(media_types):
        found.append(("/media_types", "names one twice"))
    return found


def _refuse(faults: Iterable[tuple[str, str]]) -> None:
    errors = [{"pointer": at, "detail": said} for at, said in faults]
    if errors:
        raise InvalidHook("; ".join(f"{one['pointer']} {one['detail']}" for one in errors[:3]), errors=errors)


async def _record(session: AsyncSession, action: str, hook_id: UUID, after: dict[str, Any] | None, actor: str) -> None:
    await audit.record(session, actor=actor, action=action, target=ids.show("hok", hook_id), after=after)
