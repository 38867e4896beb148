"""Connections: a tenant's connector with its settings and sealed secrets. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.encryption.secret import MIN_LENGTH, Secret
from infra.pagination import Page, cut
from infra.problems import NameTaken
from infra.redaction import Hider
from template_library import schemas
from template_library.schemas import Breach
from tenants.audit import service as audit
from tenants.connections import repository
from tenants.connections.errors import InvalidConnection, UnknownConnection
from tenants.connections.form import Form, Forms, secrets_breaches, settings_breaches
from tenants.connections.limits import Limits
from tenants.connections.models import Connection, ConnectionSecret, SecretUse
from tenants.connections.playbook import Playbook, breaches
from tenants.connections.sealing import Sealer

Status = Literal["active", "disabled"]
Pair = tuple[Connection, list[ConnectionSecret]]
"""A connection and what is known of its secrets; the values themselves never come back (S-70)."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`secrets` are in the clear and go no further than the seal. `limits`: None leaves them to the connector."""

    connector: str
    settings: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    limits: Limits | None = None
    owner: str | None = None
    fallback: UUID | None = None
    playbook: Playbook = Playbook()

    def __repr__(self) -> str:
        return f"Plan({self.connector!r})"


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that change. Settings, limits, playbook are given whole; a secret that is named is set, or dropped."""

    connector: str | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    secrets: dict[str, str | None] = {}
    limits: Limits | UnsetType = UNSET
    owner: str | UnsetType | None = UNSET
    fallback: UUID | UnsetType | None = UNSET
    playbook: Playbook | UnsetType = UNSET

    def __repr__(self) -> str:
        return "Changes()"


class Desk(msgspec.Struct, frozen=True):
    """What this service works with: the connectors' forms and the sealer."""

    forms: Forms
    sealer: Sealer


async def create(  # noqa: PLR0913 - the scope, the thing, and who asks
    session: AsyncSession, tenant_id: UUID, name: str, plan: Plan, *, desk: Desk, actor: str
) -> Pair:
    """A new connection, active at once. Nothing is sent to the other system.

    Raises:
        NameTaken: the tenant has a connection of this name.
        InvalidConnection: the connector is unknown, or settings or secrets break its form.
    """
    form = _form(desk.forms, plan.connector)
    settings = schemas.with_defaults(form.settings, plan.settings)
    _refuse(settings_breaches(form, settings) + secrets_breaches(form, plan.secrets, frozenset()), plan.secrets)
    connection_id = ids.new()
    row = {"connection_id": connection_id, "name": name, "connector": plan.connector, "settings": settings}
    limits = form.limits if plan.limits is None else plan.limits
    row |= {"limits": msgspec.to_builtins(limits), "owner": plan.owner, "fallback_id": plan.fallback}
    row["playbook"] = msgspec.to_builtins(plan.playbook)
    _refuse(breaches(plan.playbook, form.acts, plan.fallback))
    _refuse(await _unfit(session, tenant_id, plan.fallback, plan.connector, connection_id))
    if not await repository.add(session, {"tenant_id": tenant_id, **row}):
        raise NameTaken(f"there is a connection `{name}`")
    secrets = {field: Secret(value) for field, value in plan.secrets.items()}
    await desk.sealer.seal(session, tenant_id, connection_id, 1, secrets)
    after = {"name": name, "connector": plan.connector, "settings": sorted(settings), "secrets": sorted(secrets)}
    await _record(session, "connection.created", connection_id, after, actor=actor)
    return await find(session, tenant_id, connection_id)


async def update(  # noqa: PLR0913 - the scope, the thing, and who asks
    session: AsyncSession, tenant_id: UUID, connection_id: UUID, changes: Changes, *, desk: Desk, actor: str
) -> Pair:
    """Change connector, settings or secrets; workers follow within two seconds, and deployments need no change.

    A secret was entered for the place where the settings lead: whoever leads the connection elsewhere gives it again.

    Raises:
        UnknownConnection: the tenant has none of this id.
        InvalidConnection: as for `create`, or a stored secret would go to another place.
    """
    row = await _locked(session, tenant_id, connection_id)
    stored = {one.field for one in await repository.secrets(session, tenant_id, [connection_id])}
    connector = row.connector if changes.connector is UNSET else changes.connector
    form = _form(desk.forms, connector)
    given = row.settings if changes.settings is UNSET else changes.settings
    settings = schemas.with_defaults(form.settings, given)
    swapped = connector != row.connector
    _refuse(
        settings_breaches(form, settings)
        + secrets_breaches(form, changes.secrets, frozenset() if swapped else frozenset(stored))
        + ([] if swapped else _strays(form, row.settings, settings, stored - set(changes.secrets))),
        changes.secrets,
    )
    wanted = row.fallback_id if changes.fallback is UNSET else changes.fallback
    _refuse(await _unfit(session, tenant_id, wanted, connector, connection_id))
    _refuse(_astray(row, changes, form, wanted))
    changed = _changed(row, {"connector": connector, "settings": settings, **_care(changes)})
    dropped = {field for field, value in changes.secrets.items() if value is None} & stored
    if swapped:
        dropped |= stored - set(changes.secrets)
    secrets = {field: Secret(value) for field, value in changes.secrets.items() if value is not None}
    if changed or dropped or secrets:
        _set(row, changed)
        await repository.touch(session, row)
        await repository.drop_secrets(session, tenant_id, connection_id, dropped)
        await desk.sealer.seal(session, tenant_id, connection_id, row.revision, secrets)
        after = {"changed": list(changed), "set": sorted(secrets), "dropped": sorted(dropped), "connector": connector}
        await _record(session, "connection.updated", connection_id, after, actor=actor)
    return await find(session, tenant_id, connection_id)


def _care(changes: Changes) -> dict[str, Any]:
    """What is given of limits, owner, fallback and playbook, by column."""
    limits = UNSET if changes.limits is UNSET else msgspec.to_builtins(changes.limits)
    playbook = UNSET if changes.playbook is UNSET else msgspec.to_builtins(changes.playbook)
    given = {"limits": limits, "owner": changes.owner, "fallback_id": changes.fallback, "playbook": playbook}
    return {column: value for column, value in given.items() if value is not UNSET}


async def _unfit(
    session: AsyncSession, tenant_id: UUID, fallback: UUID | None, connector: str, connection_id: UUID
) -> list[Breach]:
    """Why `fallback` cannot be asked instead of the connection."""
    if fallback is None:
        return []
    if fallback == connection_id:
        return [Breach("/fallback", "a connection cannot be its own fallback")]
    other = await repository.find(session, tenant_id, fallback)
    if other is None:
        return [Breach("/fallback", "there is no such connection")]
    if other.connector != connector:
        return [Breach("/fallback", f"its connector is `{other.connector}` and not `{connector}`")]
    return []


def _astray(row: Connection, changes: Changes, form: Form, fallback: UUID | None) -> list[Breach]:
    """What is wrong with the playbook as it will be; a change of connector or fallback may break the one there is."""
    if changes.playbook is UNSET and changes.connector is UNSET and changes.fallback is UNSET:
        return []
    kept = msgspec.convert(row.playbook, Playbook) if changes.playbook is UNSET else changes.playbook
    return breaches(kept, form.acts, fallback)


def _set(row: Connection, changed: Mapping[str, Any]) -> None:
    """What went out before people or files could take its operation over has left no trace (ADR 0035)."""
    if "playbook" in changed:
        before, after = (msgspec.convert(one, Playbook).traced for one in (row.playbook, changed["playbook"]))
        if after - before:
            row.ways_at = func.clock_timestamp()
    for column, value in changed.items():
        setattr(row, column, value)


def _changed(row: Connection, wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {column: value for column, value in wanted.items() if getattr(row, column) != value}


async def set_status(
    session: AsyncSession, tenant_id: UUID, connection_id: UUID, status: Status, *, actor: str
) -> Pair:
    """Disable a connection, so that no call uses it, or enable it again. Safe to repeat.

    Raises:
        UnknownConnection: the tenant has none of this id.
    """
    row = await _locked(session, tenant_id, connection_id)
    if row.status != status:
        row.status = status
        await repository.touch(session, row)
        action = "connection.enabled" if status == "active" else "connection.disabled"
        await _record(session, action, connection_id, {"name": row.name}, actor=actor)
    return await find(session, tenant_id, connection_id)


async def find(session: AsyncSession, tenant_id: UUID, connection_id: UUID, *, lock: bool = False) -> Pair:
    """The connection and what is known of its secrets; with `lock` it stays so until the transaction ends.

    Raises:
        UnknownConnection: the tenant has none of this id.
    """
    row = await (repository.lock if lock else repository.find)(session, tenant_id, connection_id)
    if row is None:
        raise UnknownConnection
    return row, await repository.secrets(session, tenant_id, [connection_id])


async def uses(session: AsyncSession, tenant_id: UUID, connection_id: UUID) -> list[SecretUse]:
    """Who used the connection's secrets, by field.

    Raises:
        UnknownConnection: the tenant has none of this id.
    """
    await find(session, tenant_id, connection_id)
    return await repository.uses(session, tenant_id, [connection_id])


async def list_connections(
    session: AsyncSession, tenant_id: UUID, page: Page, filters: Mapping[str, str]
) -> tuple[list[Pair], str | None]:
    """Newest first, and the position of the next page. `filters` may name status, connector and name."""
    rows, last = cut(
        await repository.connections(session, tenant_id, page, filters), page, lambda row: str(row.connection_id)
    )
    secrets = await repository.secrets(session, tenant_id, [row.connection_id for row in rows])
    return [(row, [one for one in secrets if one.connection_id == row.connection_id]) for row in rows], last


async def _locked(session: AsyncSession, tenant_id: UUID, connection_id: UUID) -> Connection:
    row = await repository.lock(session, tenant_id, connection_id)
    if row is None:
        raise UnknownConnection
    return row


def _form(forms: Forms, connector: str) -> Form:
    form = forms.get(connector)
    if form is None:
        _refuse(
            [Breach("/connector", f"there is no connector `{connector[:64]}`; there are {', '.join(sorted(forms))}")]
        )
        raise InvalidConnection
    return form


def _strays(form: Form, old: Mapping[str, Any], new: Mapping[str, Any], kept: set[str]) -> list[Breach]:
    if not form.leads_elsewhere(old, new):
        return []
    return [
        Breach(f"/secrets/{field}", "must be given again, since the settings lead elsewhere") for field in sorted(kept)
    ]


def _refuse(breaches: Sequence[Breach], secrets: Mapping[str, str | None] | None = None) -> None:
    """`secrets` that came with it: one that was put into a setting as well is not repeated to who sent it (S-70)."""
    if breaches:
        given = [value for value in (secrets or {}).values() if value is not None and len(value) >= MIN_LENGTH]
        hider = Hider(map(Secret, given))
        raise InvalidConnection(
            hider.text("; ".join(f"{one.pointer}: {one.detail}" for one in breaches[:3])),
            errors=[{"pointer": one.pointer, "detail": hider.text(one.detail)} for one in breaches],
        )


async def _record(
    session: AsyncSession, action: str, connection_id: UUID, after: dict[str, Any], *, actor: str
) -> None:
    # Names of what changed and never a value: settings may hold what is private to the client (S-70).
    await audit.record(session, actor=actor, action=action, target=ids.show("con", connection_id), after=after)
