"""Workarounds: what people do beside the systems, noted once and counted, with an owner and a last day (ADR 0116).

`connection` (asyncpg) is in a transaction of the tenant, which the caller commits.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import clock, ids
from infra.ids import TenantId
from infra.pagination import Page
from infra.problems import Invalid, NotFound
from services.exceptions import owners
from services.touches import writing
from services.touches.errors import WorkaroundChanged, WorkaroundRetired
from services.touches.writing import ActorKind, Touch
from tenants.audit import writing as audit

Way = Literal["spreadsheet", "mail", "telephone", "chat", "paper", "other"]
State = Literal["open", "retired"]
PREFIX: Final = "wka"
DAYS: Final = 90
"""Until its last day, where who notes it names none."""
LONGEST: Final = timedelta(days=366)
_NOTE: Final = """
INSERT INTO app.workaround AS w (tenant_id, workaround_id, way, step, words, owner, retire_on, made_by, last_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
ON CONFLICT (tenant_id, way, step) WHERE retired_at IS NULL DO UPDATE SET
  uses = w.uses + (w.last_by <> excluded.last_by OR w.last_at < clock_timestamp() - interval '1 minute')::integer,
  words = coalesce(excluded.words, w.words), last_by = excluded.last_by, last_at = clock_timestamp()
RETURNING *
"""
_USES: Final = """
SELECT uses FROM app.workaround WHERE tenant_id = $1 AND way = $2 AND step = $3 AND retired_at IS NULL FOR UPDATE
"""
_OPEN: Final = """
SELECT * FROM app.workaround WHERE tenant_id = $1 AND retired_at IS NULL
  AND ($2::date IS NULL OR (retire_on, workaround_id) > ($2, $3::uuid)) AND ($4::text IS NULL OR owner = $4)
ORDER BY retire_on, workaround_id LIMIT $5
"""
_RETIRED: Final = """
SELECT * FROM app.workaround WHERE tenant_id = $1 AND retired_at IS NOT NULL
  AND ($2::uuid IS NULL OR workaround_id < $2) AND ($3::text IS NULL OR owner = $3)
ORDER BY workaround_id DESC LIMIT $4
"""
_ONE: Final = "SELECT * FROM app.workaround WHERE tenant_id = $1 AND workaround_id = $2"
_ACT: Final = """
UPDATE app.workaround SET owner = coalesce($4, owner), retire_on = coalesce($5, retire_on),
  reason = coalesce($6, reason), changes = changes + 1,
  retired_at = CASE WHEN $7 THEN clock_timestamp() END, retired_by = CASE WHEN $7 THEN $8 END
WHERE tenant_id = $1 AND workaround_id = $2 AND changes = $3 AND retired_at IS NULL RETURNING *
"""


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """That something was done beside the systems.

    Attributes:
        about: kind and key of what it was done for.
        minutes: how long it took, as somebody typed it: an estimate, and never shown as measured.
    """

    way: Way
    step: str
    owner: str
    retire_on: date | None = None
    words: str | None = None
    about: tuple[str, str] | None = None
    minutes: int | None = None


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What changes; None: nothing of it. `seen`: the changes that it had when its reader saw it."""

    seen: int
    owner: str | None = None
    retire_on: date | None = None
    retires: bool = False
    reason: str | None = None


async def note(connection: Any, tenant: TenantId, noted: Noted, actor: str) -> Any:
    """Write it down; one that stands of the same way and step is counted once more, and keeps its owner and day.

    Said again by the same person within a minute it counts once, and so do its minutes.

    Raises:
        UnknownOwner: nobody of this name.
        Invalid: its last day is over, or more than a year off.
    """
    await owners.check(connection, tenant, noted.owner)
    last = _checked(noted.retire_on) or clock.now().date() + timedelta(days=DAYS)
    given = (noted.way, noted.step, noted.words, noted.owner, last, actor)
    before = await connection.fetchval(_USES, tenant, noted.way, noted.step)
    row = await connection.fetchrow(_NOTE, tenant, ids.new(), *given)
    counts = row["uses"] != before
    target = ids.show(PREFIX, row["workaround_id"])
    after = {"way": noted.way, "step": noted.step, "uses": row["uses"]}
    await audit.write(connection, tenant, actor=actor, action="workaround.noted", target=target, after=after)
    who = _person(actor)
    if counts and noted.minutes is not None and who is not None:
        kind, key = noted.about or ("workaround", target)
        touch = Touch(
            kind=kind,
            key=key,
            step=noted.step,
            account=who[1],
            actor_kind=who[0],
            source="external_estimate",
            seconds=noted.minutes * 60,
        )
        await writing.write(connection, tenant, touch)
    return row


async def act(connection: Any, tenant: TenantId, workaround: UUID, wanted: Act, actor: str) -> Any:
    """Give it to somebody, put its last day off, or end it.

    Raises:
        NotFound: the tenant has none of this id.
        WorkaroundRetired, WorkaroundChanged: see there; nothing happened.
        UnknownOwner, Invalid: as of `note`.
    """
    await owners.check(connection, tenant, wanted.owner)
    given = (wanted.owner, _checked(wanted.retire_on), wanted.reason, wanted.retires, actor)
    row = await connection.fetchrow(_ACT, tenant, workaround, wanted.seen, *given)
    if row is None:
        found = await read(connection, tenant, workaround)
        raise WorkaroundChanged if found["retired_at"] is None else WorkaroundRetired
    after = {"owner": row["owner"], "retire_on": row["retire_on"].isoformat(), "reason": wanted.reason}
    action = "workaround.retired" if wanted.retires else "workaround.changed"
    target = ids.show(PREFIX, workaround)
    await audit.write(connection, tenant, actor=actor, action=action, target=target, after=after)
    return row


async def read(connection: Any, tenant: TenantId, workaround: UUID) -> Any:
    """Raises NotFound: the tenant has none of this id."""
    row = await connection.fetchrow(_ONE, tenant, workaround)
    if row is None:
        raise NotFound
    return row


async def listing(connection: Any, tenant: TenantId, page: Page, state: State, owner: str | None) -> list[Any]:
    """One row more than the page holds: of open ones the first to end first, of retired ones the newest."""
    after = page.after
    if state == "retired":
        last = None if after is None else UUID(after)
        return list(await connection.fetch(_RETIRED, tenant, last, owner, page.limit + 1))
    day, _, one = (after or "").partition(" ")
    given = (date.fromisoformat(day), UUID(one)) if after is not None else (None, None)
    return list(await connection.fetch(_OPEN, tenant, *given, owner, page.limit + 1))


def position(row: Any, state: State) -> str:
    """Where a page that ends with `row` goes on."""
    return str(row["workaround_id"]) if state == "retired" else f"{row['retire_on']} {row['workaround_id']}"


def _checked(day: date | None) -> date | None:
    today = clock.now().date()
    if day is not None and not today <= day <= today + LONGEST:
        raise Invalid.at("/retire_on", "from today on, and within a year")
    return day


def _person(actor: str) -> tuple[ActorKind, UUID] | None:
    """Whose act it is; a key's is no touch."""
    how, _, who = actor.partition(":")
    if how not in {"account", "acting"}:
        return None
    return ("acting" if how == "acting" else "person"), ids.read("acc", who)
