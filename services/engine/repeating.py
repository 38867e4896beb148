"""People have a faulted run tried again from where it failed (ADR 0024)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from infra import ids
from infra.ids import TenantId
from infra.problems import Conflict, Invalid, NotFound
from services.engine import payload_rows, state, values
from services.engine.state import VERSION, Failure, Snapshot


class RunNotFaulted(Conflict):
    """Only a run that faulted can be tried again. Read it: it may go on already, or have come to another end."""

    name = "run-not-faulted"
    title = "The run is not faulted"


class RunKeptElsewhere(Conflict):
    """Another version of this software kept where the run stood. Start another run with its event's successor."""

    name = "run-kept-by-another-version"
    title = "The run cannot be tried again by this version"


class RetryTakesNoInput(Invalid):
    """The run did not fail in a task that could be given another input. Retry it without one."""

    name = "retry-takes-no-input"
    title = "What failed takes no input"


class NotToBeSkipped(Conflict):
    """The document of the run does not declare that what failed may be skipped. Retry or discard it."""

    name = "not-to-be-skipped"
    title = "What failed may not be skipped"


async def skip(connection: Any, tenant: TenantId, run: UUID, actor: str, reason: str) -> None:
    """Let a faulted run go on behind the task that failed, with the output that its document has for that (ADR 0133).

    Raises:
        NotToBeSkipped: see there; nothing happened.
        NotFound, RunNotFaulted, RunKeptElsewhere, PayloadUnreadable: as `retry`.
    """
    seq, stored, _ = await _faulted(connection, tenant, run)
    snapshot = None if stored is None else _decoded(stored)
    failed = None if snapshot is None else snapshot.failed
    if snapshot is None or failed is None or not failed.takes_skip:
        raise NotToBeSkipped("Its document does not declare it; retry or discard it")
    again = state.encode(replace(snapshot, failed=replace(failed, is_retried=True, is_skipped=True)))
    told = values.encode({"actor": actor, "skipped": True, "reason": reason}).decode()
    _once(
        await connection.fetchval(
            "SELECT app.retry_run($1, $2, $3, $4, $5, $6, $7)", run, actor, ids.new(), seq, again, None, told
        )
    )


async def retry(connection: Any, tenant: TenantId, run: UUID, actor: str, given: Any = UNSET) -> None:
    """Try the run again from what failed; `connection` is in a transaction of its tenant.

    The same run goes on. What it had done is not done again; what failed keeps its keys. `given` is another input for
    the task that failed, or for the run where it had not begun anything.

    Raises:
        NotFound: the tenant has none of this id.
        RunNotFaulted: it is not faulted, or somebody else retried it a moment ago.
        RetryTakesNoInput, Invalid: see there; nothing happened.
        RunKeptElsewhere: it cannot be tried again here.
        PayloadUnreadable: what it stood at is missing or damaged.
    """
    seq, stored, was = await _faulted(connection, tenant, run)
    _check(given)
    told: dict[str, Any] = {"actor": actor}
    if given is not UNSET:
        told["input"] = given
    begins = stored is None
    if begins and given is not UNSET:
        told["was"] = msgspec.Raw((was or "null").encode())
    found = await connection.fetchval(
        "SELECT app.retry_run($1, $2, $3, $4, $5, $6, $7)",
        run,
        actor,
        ids.new(),
        seq,
        None if stored is None else _again(stored, given),
        values.encode(given).decode() if begins and given is not UNSET else None,
        values.encode(told).decode(),
    )
    _once(found)


def _once(found: str) -> None:
    """What the run was when it was retried."""
    if found != "faulted":
        raise RunNotFaulted("Somebody else has just retried it" if found == "changed" else f"It is {found}")


async def _faulted(connection: Any, tenant: TenantId, run: UUID) -> tuple[int, bytes | None, str | None]:
    """Lines, snapshot and input of a faulted run. Raises as `retry`."""
    row = await connection.fetchrow(
        "SELECT state, seq, snapshot, input::text AS input FROM app.run WHERE tenant_id = $1 AND run_id = $2",
        tenant,
        run,
    )
    if row is None:
        raise NotFound
    if row["state"] != "faulted":
        raise RunNotFaulted(f"It is {row['state']}")
    stored = row["snapshot"]
    return (
        row["seq"],
        None if stored is None else await payload_rows.whole(connection, tenant, run, stored),
        row["input"],
    )


def _again(stored: bytes, given: Any) -> bytes:
    """What a worker goes on with."""
    snapshot = _decoded(stored)
    failed = snapshot.failed or Failure()
    if given is not UNSET and not failed.takes_input:
        raise RetryTakesNoInput("It failed between two tasks or as one ended; retry it without an input")
    return state.encode(replace(snapshot, failed=replace(failed, is_retried=True, input=given)))


def _decoded(stored: bytes) -> Snapshot:
    try:
        snapshot = state.decode(stored)
    except msgspec.DecodeError:
        raise RunKeptElsewhere from None
    if snapshot.version != VERSION:
        raise RunKeptElsewhere
    return snapshot


def _check(given: Any) -> None:
    try:
        values.check_bounds(None if given is UNSET else given)
    except values.ValueRefused as error:
        raise Invalid(f"The input is {error}", errors=[{"pointer": "/input", "detail": str(error)}]) from None
