"""Lifecycle events as the reference shapes them, rendered from lines of a journal (DSL reference, Lifecycle Events)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from infra import ids
from services.engine import lifecycle
from services.engine.lifecycle import PREFIX, Line, Rendering, Subject, members

BEGAN = datetime(2026, 1, 5, 8, tzinfo=UTC)
RUN = UUID("01900000-0000-7000-8000-000000000002")
SUBJECT = Subject(
    tenant=UUID("01900000-0000-7000-8000-000000000001"),
    run=RUN,
    definition={"namespace": "shop", "name": "order", "version": "1.0.0"},
)
PUBLIC = ids.show("run", RUN)
NAME = f"order-{PUBLIC}.shop"


def line(seq: int, kind: str, reference: str = "", **data: Any) -> Line:
    return Line(seq=seq, at=BEGAN + timedelta(seconds=seq), kind=kind, reference=reference, data=data)


def told(*lines: Line, under_way: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    rendering = Rendering(SUBJECT, under_way)
    return [event for one in lines for event in rendering.events(one)]


def short(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Type without what all have in common, and the task."""
    return [(event["type"].removeprefix(PREFIX).removesuffix(".v1"), event["data"].get("task", "")) for event in events]


def test_an_event_is_a_cloudevent_of_the_run() -> None:
    (event,) = told(line(0, "workflow.started"))
    assert event == {
        "specversion": "1.0",
        "id": f"{PUBLIC}-0",
        "source": f"urn:tenant:{ids.show('ten', SUBJECT.tenant)}",
        "type": "io.serverlessworkflow.workflow.started.v1",
        "subject": PUBLIC,
        "time": "2026-01-05T08:00:00Z",
        "datacontenttype": "application/json",
        "data": {"name": NAME, "definition": SUBJECT.definition, "startedAt": "2026-01-05T08:00:00Z"},
    }


@pytest.mark.parametrize(
    ("given", "data"),
    [
        (line(7, "workflow.completed", output={"a": 1}), {"name": NAME, "completedAt": "", "output": {"a": 1}}),
        (line(7, "workflow.faulted", error={"status": 503}), {"name": NAME, "faultedAt": "", "error": {"status": 503}}),
        (line(7, "workflow.cancelled", actor="key:key_1"), {"name": NAME, "cancelledAt": ""}),
        (line(7, "run.suspended", actor="key:key_1"), {"name": NAME, "suspendedAt": ""}),
        (line(7, "run.quarantined", reason="no commit"), {"name": NAME, "suspendedAt": ""}),
        (line(7, "run.resumed", actor="key:key_1"), {"name": NAME, "resumedAt": ""}),
        (line(7, "correlation.started", "/do/0/l"), {"name": NAME, "startedAt": ""}),
        (line(7, "correlation.completed", "/do/0/l"), {"name": NAME, "completedAt": ""}),
        (
            line(7, "correlation.completed", "/do/0/l", keys={"order": "o-1"}),
            {"name": NAME, "completedAt": "", "correlationKeys": {"order": "o-1"}},
        ),
        (line(7, "task.retried", "/do/0/t", attempt=1), {"workflow": NAME, "task": "/do/0/t", "retriedAt": ""}),
        (line(7, "task.cancelled", "/do/0/t"), {"workflow": NAME, "task": "/do/0/t", "cancelledAt": ""}),
        (
            line(7, "task.faulted", "/do/0/t", error={"status": 503}),
            {"workflow": NAME, "task": "/do/0/t", "faultedAt": "", "error": {"status": 503}},
        ),
        (
            line(7, "task.completed", "/do/0/t", output=None),
            {"workflow": NAME, "task": "/do/0/t", "completedAt": "", "output": None},
        ),
        (line(7, "task.completed", "/do/0/t"), {"workflow": NAME, "task": "/do/0/t", "completedAt": ""}),
    ],
)
def test_data_is_what_the_reference_says_and_nothing_else(given: Line, data: dict[str, Any]) -> None:
    (event,) = told(given)
    assert event["data"] == {name: value or "2026-01-05T08:00:07Z" if name.endswith("At") else value
                             for name, value in data.items()}  # fmt: skip
    assert event["id"] == f"{PUBLIC}-7"


def test_one_line_tells_that_a_task_was_created_and_started() -> None:
    created, started = told(line(1, "task.started", "/do/0/t"))
    assert created["data"] == {"workflow": NAME, "task": "/do/0/t", "createdAt": "2026-01-05T08:00:01Z"}
    assert started["data"] == {"workflow": NAME, "task": "/do/0/t", "startedAt": "2026-01-05T08:00:01Z"}
    assert (created["id"], started["id"]) == (f"{PUBLIC}-1.1", f"{PUBLIC}-1")


def test_what_halts_or_ends_a_run_does_so_to_its_open_tasks() -> None:
    lines = [
        line(0, "workflow.started"),
        line(1, "task.started", "/do/0/done"),
        line(2, "task.completed", "/do/0/done"),
        line(3, "task.started", "/do/1/outer"),
        line(4, "task.started", "/do/1/outer/do/0/inner"),
        line(5, "run.suspended"),
        line(6, "run.resumed"),
        line(7, "workflow.cancelled"),
    ]
    events = told(*lines)
    outer, inner = "/do/1/outer", "/do/1/outer/do/0/inner"
    assert short(events)[8:] == [
        ("task.suspended", inner),
        ("task.suspended", outer),
        ("workflow.suspended", ""),
        ("workflow.resumed", ""),
        ("task.resumed", outer),
        ("task.resumed", inner),
        ("task.cancelled", inner),
        ("task.cancelled", outer),
        ("workflow.cancelled", ""),
    ]
    assert len({event["id"] for event in events}) == len(events)
    assert told(lines[-1], under_way=(outer, inner)) == events[-3:]
    assert lifecycle.own(SUBJECT, lines[-1]) == events[-1]


@pytest.mark.parametrize("kind", ["task.skipped", "task.caught", "task.sent", "event.consumed", "run.loop-refused"])
def test_what_is_the_engine_s_own_is_no_event(kind: str) -> None:
    assert told(line(3, kind, "/do/0/t")) == []
    with pytest.raises(LookupError):
        lifecycle.own(SUBJECT, line(3, kind))


def test_stored_numbers_keep_their_digits() -> None:
    data = members('{"output": 1.10000000000000000001, "more": {"a": 1e2}}')
    assert bytes(data["output"]) == b"1.10000000000000000001"
    assert members(None) == {}
