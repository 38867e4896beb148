"""Effects that took another way while their connection's playbook was entered, as the worker knows them (`app.entry`).

One row for each effect, committed before anything of it is done; while there is one, the system's own call is not made.
Every function runs in a transaction of the tenant of its own (ADR 0035).
"""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database
from services.engine import entry_values, values
from services.engine.functions import Call, EffectMode

Way = Literal["manual", "file", "connection"]
State = Literal["writing", "prepared", "open", "taken", "answered", "queued", "withdrawn"]
Found = Literal["same", "different", "missing", "cannot-tell"]
Unnoted = Literal["moves", "begun"]
"""Why there is no entry: the playbook moves, or it may have gone out before that named it (`app.add_entry`)."""
FALLBACK: Final = "fallback"
"""Who answered where the playbook declares the answer."""
_VALUES: Final = ("request", "answer")
_BEGUN: Final[dict[Way, State]] = {"manual": "open", "file": "writing", "connection": "writing"}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """As the row has it.

    Attributes:
        request, answer: values, whole.
        posting_age: seconds since the system was last asked.
        lost: why its values cannot be read, empty where they can; they are None then.
    """

    entry_id: UUID
    connection_id: UUID
    run_id: UUID
    key: str
    reference: str
    operation: str
    mode: EffectMode
    way: Way
    state: State
    version: int
    request: Any
    file: str | None
    written: str | None
    answer: Any
    answered_by: str | None
    posting: str | None
    posting_age: float | None
    resolution: str | None
    reason: str | None
    lost: str = ""


_READ: Final = (
    "SELECT entry_id, connection_id, run_id, key, reference, operation, mode, way, state, version, "
    "request::text AS request, file, written, answer::text AS answer, answered_by, posting, "
    "extract(epoch FROM clock_timestamp() - posting_at)::double precision AS posting_age, resolution, reason "
    "FROM app.entry WHERE tenant_id = $1 AND entry_id = coalesce($2::uuid, "
    "(SELECT e.entry_id FROM app.entry e WHERE e.tenant_id = $1 AND e.run_id = $3 AND e.key = $4))"
)
_ANSWERED: Final = (
    "UPDATE app.entry SET version = version + 1, state = 'answered', answer = $3, answered_by = 'fallback', "
    "answered_at = clock_timestamp(), look_at = (SELECT clock_timestamp() FROM app.continuity c "
    "WHERE c.tenant_id = $1 AND c.connection_id = app.entry.connection_id AND c.state = 'reconciling') "
    "WHERE tenant_id = $1 AND entry_id = $2 AND state = $4 RETURNING 1"
)
"""Where the playbook is reconciled by now, the system is asked at once; else when that begins."""
_PREPARED: Final = (
    "UPDATE app.entry SET version = version + 1, state = 'prepared', file = $3, written = $4, "
    "prepared_at = clock_timestamp() WHERE tenant_id = $1 AND entry_id = $2 AND state = 'writing' "
    "AND resolution IS NULL "
    "AND EXISTS (SELECT FROM app.run r WHERE r.tenant_id = $1 AND r.run_id = app.entry.run_id AND r.fence = $5 "
    "AND r.lease_until IS NOT NULL AND r.ended_at IS NULL) RETURNING 1"
)
"""By who holds the run alone (F-02): behind it the file gets its name."""
_OPEN: Final = (
    "UPDATE app.entry SET version = version + 1, state = 'open' "
    "WHERE tenant_id = $1 AND entry_id = $2 AND state = 'prepared' RETURNING 1"
)
_REFUSED: Final = (
    "UPDATE app.entry SET version = version + 1, state = 'withdrawn', resolution = 'withdrawn', "
    "resolved_at = clock_timestamp(), resolved_by = 'engine', reason = $3 "
    "WHERE tenant_id = $1 AND entry_id = $2 AND state = 'writing' AND resolution IS NULL RETURNING 1"
)
_POSTING: Final = (
    "UPDATE app.entry SET version = version + 1, posting = 'sent', posting_at = clock_timestamp() "
    "WHERE tenant_id = $1 AND entry_id = $2 AND version = $3 AND posting IS NOT NULL AND resolution IS NULL "
    "RETURNING version"
)
"""Each time that it is asked, so that of two who are about to ask one does."""
_UNPOSTED: Final = (
    "UPDATE app.entry SET version = version + 1, posting = 'wanted', found_why = $4, "
    "look_at = clock_timestamp() + interval '10 seconds' "
    "WHERE tenant_id = $1 AND entry_id = $2 AND version = $3 AND posting = 'sent' AND resolution IS NULL RETURNING 1"
)
_POSTED: Final = (
    "UPDATE app.entry SET version = version + 1, found_answer = $3, looked_at = clock_timestamp(), look_at = NULL, "
    "posting = NULL, resolution = 'posted', resolved_at = clock_timestamp() "
    "WHERE tenant_id = $1 AND entry_id = $2 AND resolution IS NULL RETURNING 1"
)
"""Of whatever version: that the system has done it stays true, and nobody is to have it posted again."""
_FOUND: Final = (
    "UPDATE app.entry SET version = version + 1, found = $4::text, found_answer = $5, "
    "found_why = nullif($6::text, ''), looked_at = clock_timestamp(), look_at = NULL, posting = NULL, "
    "resolution = CASE $4 WHEN 'same' THEN 'same' END, resolved_at = CASE $4 WHEN 'same' THEN clock_timestamp() END, "
    "resolved_by = CASE $4 WHEN 'same' THEN 'engine' END "
    "WHERE tenant_id = $1 AND entry_id = $2 AND version = $3 AND resolution IS NULL RETURNING 1"
)
_AGAIN: Final = (
    "UPDATE app.entry SET version = version + 1, found_why = $4, look_at = clock_timestamp() + interval '10 seconds' "
    "WHERE tenant_id = $1 AND entry_id = $2 AND version = $3 AND resolution IS NULL RETURNING 1"
)


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """An effect that is about to take another way."""

    connection: UUID
    operation: str
    mode: EffectMode
    way: Way
    request: Any


async def of_call(database: Database, call: Call) -> Entry | None:
    """What became of the effect of `call`; None where it took no other way."""
    async with database.tenant(call.tenant) as connection:
        return await _read(connection, call.tenant, None, call.run, call.key)


async def read(database: Database, tenant: UUID, entry: UUID) -> Entry | None:
    async with database.tenant(tenant) as connection:
        return await _read(connection, tenant, entry, None, None)


async def add(database: Database, call: Call, noted: Noted, *, blind: float) -> Entry | Unnoted:
    """The entry of the effect of `call`, new or as it is by now; or why there is none.

    `blind`: seconds for which a worker may not know what others do with a connection.
    """
    async with database.tenant(call.tenant) as connection:
        request = await entry_values.stored(connection, call.tenant, call.run, noted.request)
        told = await connection.fetchval(
            "SELECT app.add_entry($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            ids.new(),
            noted.connection,
            call.run,
            call.key,
            call.reference,
            noted.operation,
            noted.mode,
            noted.way,
            _BEGUN[noted.way],
            request.text,
            call.fence,
            blind,
        )
        if told == "noted":
            await entry_values.keep(connection, call.tenant, call.run, request)
        entry = await _read(connection, call.tenant, None, call.run, call.key)
    if entry is not None:
        return entry
    return "begun" if told == "begun" else "moves"


async def prepared(database: Database, call: Call, entry: UUID, file: str, written: str) -> bool:
    """Note that the file is whole, `written` beside, and gets its name now; False where this one must not get it."""
    return await _change(database, _PREPARED, call.tenant, entry, file, written, call.fence)


async def dropped(database: Database, tenant: UUID, entry: Entry, answer: Any, *, is_declared: bool) -> None:
    """Note that the file lies there. Without a declared answer somebody is to tell what became of it."""
    if is_declared:
        await _change_with(database, _ANSWERED, tenant, entry, answer, behind=("prepared",))
    else:
        await _change(database, _OPEN, tenant, entry.entry_id)


async def answered(database: Database, tenant: UUID, entry: Entry, answer: Any) -> None:
    """Note what the other address answered."""
    await _change_with(database, _ANSWERED, tenant, entry, answer, behind=("writing",))


async def refused(database: Database, tenant: UUID, entry: UUID, why: str) -> None:
    """Note that the other address refused it for good: there is nothing to reconcile."""
    await _change(database, _REFUSED, tenant, entry, values.plain(why)[:2000])


async def posting(database: Database, tenant: UUID, seen: Entry) -> Entry | None:
    """Note that the system is about to do it; None where the entry is not as it was `seen` any more."""
    async with database.tenant(tenant) as connection:
        version = await connection.fetchval(_POSTING, tenant, seen.entry_id, seen.version)
    return None if version is None else msgspec.structs.replace(seen, version=version)


async def unposted(database: Database, tenant: UUID, seen: Entry, why: str) -> None:
    """The system was not asked to do it: nothing went out. It is tried again."""
    await _change(database, _UNPOSTED, tenant, seen.entry_id, seen.version, values.plain(why)[:1000])


async def posted(database: Database, tenant: UUID, entry: Entry, answer: Any) -> None:
    """Note that the system has done it now, with the effect's own key."""
    await _change_with(database, _POSTED, tenant, entry, answer)


async def found(  # noqa: PLR0913 (whose, and what)
    database: Database, tenant: UUID, seen: Entry, what: Found, *, answer: Any = None, why: str = ""
) -> None:
    """Note what was found in the system; what is the same there is reconciled with it.

    What has changed since it was `seen` stays as it is: a look that took long says nothing about a later decision.
    """
    before, behind = (seen.version, what), (values.plain(why)[:1000],)
    if answer is None:
        await _change(database, _FOUND, tenant, seen.entry_id, *before, None, *behind)
    else:
        await _change_with(database, _FOUND, tenant, seen, answer, before=before, behind=behind)


async def look_again(database: Database, tenant: UUID, seen: Entry, why: str) -> None:
    """The system cannot be asked now."""
    await _change(database, _AGAIN, tenant, seen.entry_id, seen.version, values.plain(why)[:1000])


async def _change(database: Database, statement: str, tenant: UUID, entry: UUID, *given: Any) -> bool:
    async with database.tenant(tenant) as connection:
        return await connection.fetchval(statement, tenant, entry, *given) is not None


async def _change_with(  # noqa: PLR0913 (the statement's parameters, in their order)
    database: Database,
    statement: str,
    tenant: UUID,
    seen: Entry,
    value: Any,
    *,
    before: tuple[Any, ...] = (),
    behind: tuple[Any, ...] = (),
) -> None:
    """As `_change`, with a value between the others."""
    async with database.tenant(tenant) as connection:
        one = await entry_values.stored(connection, tenant, seen.run_id, value)
        if await connection.fetchval(statement, tenant, seen.entry_id, *before, one.text, *behind) is not None:
            await entry_values.keep(connection, tenant, seen.run_id, one)


async def _read(connection: Any, tenant: UUID, *which: Any) -> Entry | None:
    row = await connection.fetchrow(_READ, tenant, *which)
    if row is None:
        return None
    known, lost = await entry_values.whole(connection, tenant, row, _VALUES)
    for name in _VALUES:
        known[name] = None if known[name] is None else values.decode(known[name])
    return Entry(**known, lost=lost)
