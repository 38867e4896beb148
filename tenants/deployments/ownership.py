"""Who answers for processes, data, integrations and architecture (ADR 0051). The caller commits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from template_library.dsl import parse_published
from tenants.audit import service as audit
from tenants.connections.models import Connection
from tenants.deployments import fit, needs, publishing, reach, repository, subjects
from tenants.deployments.errors import InvalidOwner, OwnerNeeded, OwnersMissing
from tenants.deployments.models import Owner
from tenants.deployments.repository import Pair
from tenants.deployments.subjects import DOMAINS, ENTITIES, Subjects
from tenants.organizations import service as organizations
from tenants.organizations.models import Tenant

Kind = Literal["process", "data", "integration", "architecture"]
PATTERN: Final = r"^(role:[a-z0-9](-?[a-z0-9]){0,62}|account:acc_[0-9a-z]{26})$"
"""Of whoever may answer for something: a role, or somebody who signs in."""
_FORM: Final = re.compile(PATTERN)
_WORDS: Final[dict[Kind, str]] = {
    "process": "a process owner and a deputy for the domain {}",
    "data": "a data steward and a deputy for the entity {}",
    "integration": "an integration owner and a deputy for the connection {}",
    "architecture": "an architecture owner and a deputy",
}

# Endpoints of webhooks belong to a room above this one.
_INTEGRATIONS: Final = {
    "con": text("SELECT name FROM app.connection WHERE tenant_id = :tenant AND connection_id = :id"),
    "whe": text("SELECT status FROM app.webhook_endpoint WHERE tenant_id = :tenant AND endpoint_id = :id"),
}


class Seat(msgspec.Struct, frozen=True, order=True):
    """What somebody answers for. `subject` is empty for the architecture."""

    kind: Kind
    subject: str = ""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """`answers` is the owner, or the deputy while the owner is not there; None when neither is."""

    row: Owner
    answers: str | None


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A seat that nobody has, and the names of the active deployments that need it."""

    seat: Seat
    deployments: tuple[str, ...]


async def name(session: AsyncSession, tenant_id: UUID, seat: Seat, owner: str, deputy: str, *, actor: str) -> Owner:  # noqa: PLR0913 (what a seat is made of)
    """Give a seat to `owner`, with `deputy` beside. Safe to repeat.

    Raises:
        InvalidOwner: no such seat, one is nobody who can answer, or both are the same.
    """
    await _check_seat(session, tenant_id, seat)
    is_queue = not await _check(session, tenant_id, owner, "/owner")
    if not await _check(session, tenant_id, deputy, "/deputy") or (is_queue and deputy.startswith("role:")):
        wanted = "an account" if is_queue else "a role that there is, or an account"
        raise InvalidOwner("/deputy", f"somebody must be there: name {wanted}")
    if owner == deputy:
        raise InvalidOwner("/deputy", "name another one: the deputy answers while the owner is away")
    key = {"tenant_id": tenant_id, "kind": seat.kind, "subject": seat.subject}
    values = {"owner": owner, "deputy": deputy, "set_by": actor, "set_at": func.clock_timestamp()}
    made = insert(Owner).values(**key, **values)
    await session.execute(made.on_conflict_do_update(index_elements=list(key), set_=values))
    await _record(session, "owner.named", seat, {"owner": owner, "deputy": deputy}, actor)
    found = await session.scalar(select(Owner).filter_by(**key).execution_options(populate_existing=True))
    if found is None:
        raise RuntimeError("the seat was just given")
    return found


async def is_required(session: AsyncSession, tenant_id: UUID) -> bool:
    """Whether nothing is to go live in this environment that nobody answers for."""
    found = await session.get(Tenant, tenant_id)
    return found is not None and organizations.owners_required(found)


async def vacate(session: AsyncSession, tenant_id: UUID, seat: Seat, *, is_required: bool, actor: str) -> None:
    """Take a seat from whoever has it. Safe to repeat.

    Raises:
        OwnerNeeded: an active deployment needs it, where owners are required; name somebody else instead.
    """
    await _lock(session, tenant_id)
    if is_required:
        needing = [gap for gap in await _needed(session, tenant_id) if gap.seat == seat]
        if needing:
            raise OwnerNeeded(f"{', '.join(needing[0].deployments)} needs {_words(seat)}")
    gone = delete(Owner).where(Owner.tenant_id == tenant_id, Owner.kind == seat.kind, Owner.subject == seat.subject)
    if (await session.execute(gone.returning(Owner.kind))).one_or_none() is not None:
        await _record(session, "owner.removed", seat, {}, actor)


async def listed(session: AsyncSession, tenant_id: UUID) -> list[Named]:
    """Every seat that is taken, by kind and subject."""
    answers = func.app.who_answers(Owner.tenant_id, Owner.kind, Owner.subject)
    query = select(Owner, answers).where(Owner.tenant_id == tenant_id).order_by(Owner.kind, Owner.subject)
    # What was read before a change of the same transaction is read anew.
    rows = await session.execute(query, execution_options={"populate_existing": True})
    return [Named(row=row, answers=who) for row, who in rows]


async def gaps(session: AsyncSession, tenant_id: UUID) -> list[Gap]:
    """Seats that active deployments need and nobody has who can act."""
    needed = await _needed(session, tenant_id)
    taken = await _taken(session, tenant_id, [gap.seat for gap in needed])
    return [gap for gap in needed if gap.seat not in taken]


async def admit(session: AsyncSession, tenant_id: UUID, pair: Pair) -> None:
    """Let a deployment go live, or go on being live.

    Raises:
        OwnersMissing: `errors` names every seat that nobody has; nothing may be committed.
    """
    await _lock(session, tenant_id)
    seats = await _seats(session, tenant_id, pair)
    taken = await _taken(session, tenant_id, seats)
    missing = [seat for seat in seats if seat not in taken]
    if missing:
        names = await _connection_names(session, tenant_id, missing)
        away = {_seat(one.row.kind, one.row.subject): one.row for one in await listed(session, tenant_id)}
        errors = [
            {
                "pointer": f"/owners/{seat.kind}/{seat.subject}".rstrip("/"),
                "detail": f"name {_words(seat, names)}{_why(away.get(seat))}",
            }
            for seat in missing
        ]
        raise OwnersMissing("; ".join(one["detail"] for one in errors), errors=errors)


async def subjects_of(session: AsyncSession, tenant_id: UUID, pair: Pair) -> Subjects:
    """What the present revision's workflow is about."""
    _, _, version = pair
    stored = await publishing.find(session, tenant_id, version.workflow_version_id)
    workflow = parse_published(stored.document)
    package = fit.package_of(version.template)
    found = needs.join(needs.find(workflow)[0], package.manifest if package else None)
    return subjects.find(workflow, found.values())


async def _lock(session: AsyncSession, tenant_id: UUID) -> None:
    """Until the transaction ends: of a seat that is emptied and a deployment that needs it one sees the other."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:who, 54))"), {"who": str(tenant_id)})


async def _seats(session: AsyncSession, tenant_id: UUID, pair: Pair) -> list[Seat]:
    about = await subjects_of(session, tenant_id, pair)
    _, revision, _ = pair
    found = {Seat("architecture"), Seat("process", about.domain)}
    found |= {Seat("data", entity) for entity in about.entities}
    reached = await reach.of_revision(session, tenant_id, revision)
    found |= {Seat("integration", ids.show("con", one)) for several in reached.values() for one in several}
    return sorted(found)


async def _needed(session: AsyncSession, tenant_id: UUID) -> list[Gap]:
    from_seats: dict[Seat, list[str]] = {}
    for pair in await _active(session, tenant_id):
        for seat in await _seats(session, tenant_id, pair):
            from_seats.setdefault(seat, []).append(pair[0].name)
    return [Gap(seat=seat, deployments=tuple(sorted(names))) for seat, names in sorted(from_seats.items())]


async def _active(session: AsyncSession, tenant_id: UUID) -> Sequence[Pair]:
    return await repository.every(session, tenant_id, status="active")


async def _taken(session: AsyncSession, tenant_id: UUID, seats: Iterable[Seat]) -> set[Seat]:
    wanted = [(seat.kind, seat.subject) for seat in seats]
    if not wanted:
        return set()
    query = select(Owner.kind, Owner.subject).where(
        Owner.tenant_id == tenant_id,
        tuple_(Owner.kind, Owner.subject).in_(wanted),
        func.app.who_answers(Owner.tenant_id, Owner.kind, Owner.subject).is_not(None),
    )
    return {_seat(kind, subject) for kind, subject in await session.execute(query)}


def _seat(kind: str, subject: str) -> Seat:
    return Seat(kind, subject)  # type: ignore[arg-type]  # the table's check constraint holds it to these


async def _connection_names(session: AsyncSession, tenant_id: UUID, seats: Iterable[Seat]) -> dict[str, str]:
    wanted = [ids.read("con", seat.subject) for seat in seats if seat.kind == "integration"]
    query = select(Connection.connection_id, Connection.name).where(
        Connection.tenant_id == tenant_id, Connection.connection_id.in_(wanted)
    )
    return {ids.show("con", row[0]): row[1] for row in await session.execute(query)} if wanted else {}


def _words(seat: Seat, names: dict[str, str] | None = None) -> str:
    return _WORDS[seat.kind].format((names or {}).get(seat.subject, seat.subject))


def _why(row: Owner | None) -> str:
    """Of a seat that is taken by nobody who could act."""
    return "" if row is None else f": nobody who is active is {row.owner} or {row.deputy}"


async def _check_seat(session: AsyncSession, tenant_id: UUID, seat: Seat) -> None:
    if seat.kind == "architecture" and seat.subject:
        raise InvalidOwner("/subject", "the architecture has one owner; leave `subject` away")
    if seat.kind == "process" and seat.subject not in DOMAINS:
        raise InvalidOwner("/subject", f"use one of {', '.join(DOMAINS)}")
    if seat.kind == "data" and seat.subject not in ENTITIES:
        raise InvalidOwner("/subject", f"use one of {', '.join(ENTITIES)}")
    if seat.kind == "integration" and not await _is_integration(session, tenant_id, seat.subject):
        raise InvalidOwner("/subject", "there is no such connection, nor such a webhook endpoint")


async def _is_integration(session: AsyncSession, tenant_id: UUID, subject: str) -> bool:
    for prefix, query in _INTEGRATIONS.items():
        if subject.startswith(f"{prefix}_"):
            try:
                key = {"tenant": tenant_id, "id": ids.read(prefix, subject)}
            except ids.MalformedId:
                return False
            return await session.scalar(query, key) is not None
    return False


async def _check(session: AsyncSession, tenant_id: UUID, who: str, pointer: str) -> bool:
    """Whether `who` is there; a queue is nobody."""
    if _FORM.fullmatch(who) is None:
        raise InvalidOwner(pointer, "use a role (role:credit), or an account (account:acc_…)")
    if who.startswith("role:"):
        role = text("SELECT app.client_role(:tenant, :slug)")
        status = await session.scalar(role, {"tenant": tenant_id, "slug": who.removeprefix("role:")})
        if status == "disabled":
            raise InvalidOwner(pointer, "this role is disabled")
        return status is not None
    try:
        account: UUID | None = ids.read("acc", who.removeprefix("account:"))
    except ids.MalformedId:
        account = None
    query = text("SELECT true FROM app.account WHERE tenant_id = :t AND account_id = :a AND status = 'active'")
    if account is None or not await session.scalar(query, {"t": tenant_id, "a": account}):
        raise InvalidOwner(pointer, "no active account of this client has this id")
    return True


async def _record(session: AsyncSession, action: str, seat: Seat, after: dict[str, Any], actor: str) -> None:
    target = f"{seat.kind}:{seat.subject}".rstrip(":")
    await audit.record(session, actor=actor, action=action, target=target, after=after)
