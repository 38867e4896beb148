"""A run as the API shows it: in lists, alone, and in the feed of changes."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from infra import ids
from services.api.fields import Instant, Slug
from services.api.holds import kinds_of_hold
from tenants.deployments.priorities import NAMES, Priority

RunState = Literal["pending", "running", "waiting", "suspended", "cancelled", "faulted", "completed"]
ListedState = RunState | Literal["held"]
ENDED: Final = frozenset({"cancelled", "faulted", "completed"})


class RunWorkflow(msgspec.Struct, frozen=True, kw_only=True):
    """The workflow version that a run is pinned to."""

    name: str
    version: str
    title: Annotated[str | None, Meta(description="For people; null when the document has none.")]


class RunValue(msgspec.Struct, frozen=True, kw_only=True):
    """Money at stake."""

    amount: Annotated[int, Meta(description="In minor units of the currency.")]
    currency: Annotated[str, Meta(description="ISO 4217.", examples=["USD"])]


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run without its data."""

    id: Annotated[str, Meta(examples=["run_01h455vb4pex5vsknk084sn02q"])]
    state: RunState
    business_key: Annotated[str | None, Meta(description="The subject of the event that started it.")]
    keys: Annotated[
        dict[str, str],
        Meta(
            description="What its workflow declares that it is found by; `key` of the list searches for it.",
            examples=[{"orderNumber": "SO-4711"}],
        ),
    ]
    value: Annotated[RunValue | None, Meta(description="At stake in it, where its workflow tells.")]
    deadline: Annotated[Instant | None, Meta(description="Of the promise that it serves, where its workflow tells.")]
    customer_class: Annotated[str | None, Meta(description="Of its customer, where its workflow tells.")]
    priority: Annotated[Priority, Meta(description="Its class in the client's line.")]
    workflow: RunWorkflow
    deployment: str
    deployment_name: Slug
    revision: Annotated[int, Meta(description="Of the deployment; the run keeps it unless it is migrated.")]
    event: Annotated[str | None, Meta(description="Id of the event that started it.")]
    seq: Annotated[int, Meta(description="Lines of its journal so far; it never falls.")]
    attempt: Annotated[int, Meta(description="Calls of the task that is open, from 1.")]
    waiting_for: Annotated[
        Any,
        Meta(
            description="What it waits for: `kind` (`uncertain`, `connection`, `slot`, `quota`, `key`, `person`,"
            " `timer`, `event`, `suspension`, `quarantine`), `ref`, `since`, `reason`. The `ref` of a `key` is the run"
            " that has it now. `others` says for how many things beside it, which a single run tells as `waits`. Of a"
            " suspended run also `by` whom, and what it waited for before (`was`)."
        ),
    ]
    suspension_asked_at: Annotated[
        Instant | None,
        Meta(description="When somebody asked for its suspension, while a call that is under way comes to its end."),
    ]
    next_attempt_at: Annotated[Instant | None, Meta(description="When a waiting run is taken up again by itself.")]
    held: Annotated[
        list[str] | None,
        Meta(
            description="Kinds of the holds, when the run completed and released nothing: `released: false` in its"
            " output, with `holds` that each have a `type`. Null otherwise.",
            examples=[["credit", "stock"]],
        ),
    ]
    failed_at: Annotated[
        str | None, Meta(description="Of a faulted run, JSON pointer of the task that failed, where it was one.")
    ]
    created_at: Instant
    started_at: Instant | None
    ended_at: Instant | None


def summary(row: Any) -> RunSummary:
    """A row of `services.engine.reading`."""
    return RunSummary(**members(row))


def members(row: Any) -> dict[str, Any]:
    return {
        "id": ids.show("run", row["run_id"]),
        "state": row["state"],
        "business_key": row["business_key"],
        "keys": {} if row["keys"] is None else msgspec.json.decode(row["keys"]),
        "value": None
        if row["value_amount"] is None
        else RunValue(amount=row["value_amount"], currency=row["value_currency"]),
        "deadline": row["deadline"],
        "customer_class": row["customer_class"],
        "priority": NAMES[row["priority"]],
        "workflow": RunWorkflow(
            name=row["workflow_name"], version=row["workflow_version"], title=row["workflow_title"]
        ),
        "deployment": ids.show("dep", row["deployment_id"]),
        "deployment_name": row["deployment_name"],
        "revision": row["revision"],
        "event": None if row["event_id"] is None else ids.show("evt", row["event_id"]),
        "seq": row["seq"],
        "attempt": row["attempt"],
        "waiting_for": _waiting_for(row),
        "suspension_asked_at": row["suspension_asked_at"],
        "next_attempt_at": row["next_attempt_at"],
        "held": kinds_of_hold(row["told"]),
        "failed_at": row["failed_at"] or None,
        "created_at": row["created_at"],
        "started_at": row["started_at"],
        "ended_at": row["ended_at"],
    }


def _waiting_for(row: Any) -> Any:
    """As it is stored; who holds the key that it waits for may be another one by now."""
    if row["key_holder"] is None or row["waiting_for"] is None:
        return raw(row["waiting_for"])
    waiting = msgspec.json.decode(row["waiting_for"])
    part = waiting.get("was") or waiting
    if part.get("kind") == "key":
        part["ref"] = ids.show("run", row["key_holder"])
    return waiting


def raw(text: str | None) -> Any:
    """JSON text as a value that goes out as it is."""
    return None if text is None else msgspec.Raw(text.encode())
