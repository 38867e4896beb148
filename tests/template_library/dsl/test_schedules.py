"""Schedules and events: what the model holds."""

from __future__ import annotations

import pytest

from template_library.dsl import DocumentError, parse
from template_library.dsl.model import (
    Constant,
    Consumption,
    Correlation,
    EmitTask,
    EventFilter,
    EventTrigger,
    Expression,
    ListenTask,
    MapTemplate,
    Schedule,
    Workflow,
)
from tests.template_library.dsl.pairs import HEAD


def read(head: str, task: str = "{set: {a: 1}}") -> Workflow:
    return parse(f"{HEAD}{head}\ndo:\n  - t: {task}\n", whole=True)


def test_a_schedule_may_have_several_parts() -> None:
    workflow = read("schedule: {every: {minutes: 5}, cron: 0 6 * * *, after: PT10S}")
    assert workflow.schedule == Schedule(every=300_000, cron="0 6 * * *", after=10_000)
    assert workflow.trigger is None


def test_one_event_with_written_attributes_is_a_trigger() -> None:
    workflow = read("schedule: {on: {one: {with: {type: a.b, source: /erp}}}}")
    assert workflow.trigger == EventTrigger({"type": "a.b", "source": "/erp"})
    assert workflow.schedule is not None
    assert workflow.schedule.on is not None
    assert workflow.schedule.on.strategy == "one"


@pytest.mark.parametrize(
    "events",
    [
        "{one: {with: {type: a, data: '${ .x }'}}}",
        "{one: {with: {type: a}, correlate: {c: {from: .d}}}}",
        "{one: {with: {type: '^a'}}}",
        "{one: {with: {source: /a}}}",
        "{one: {with: {type: a, data: text}}}",
        "{all: [{with: {type: a}}]}",
        "{any: []}",
    ],
)
def test_other_schedules_are_no_trigger(events: str) -> None:
    assert read(f"schedule: {{on: {events}}}").trigger is None


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ("{any: [{with: {type: a}}], until: 'false'}", "never true"),
        ("{one: {with: {type: a}, correlate: {c: {from: $workflow.id}}}}", "workflow"),
        ("{all: [{with: {type: a}}], until: length > 1}", "goes with `any`"),
    ],
)
def test_a_schedule_of_events_is_refused_where_it_could_begin_nothing(events: str, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        parse(f"{HEAD}schedule: {{on: {events}}}\ndo:\n  - t: {{set: {{a: 1}}}}\n")


def test_patterns_of_filters_are_known_with_their_places() -> None:
    workflow = read("schedule: {on: {one: {with: {type: '^a[.]', source: /b, subject: 'c$'}}}}")
    assert [(one.text, one.pointer) for one in workflow.patterns] == [
        ("^a[.]", "/schedule/on/one/with/type"),
        ("c$", "/schedule/on/one/with/subject"),
    ]


def test_a_strategy_has_its_filters_and_its_end() -> None:
    task = read(
        "",
        "{listen: {to: {any: [{with: {type: a, data: '${ .x > $context.y }'}, correlate: {o: {from: .data.o,"
        " expect: '${ .order }'}, p: {from: .p, expect: q}}}], until: {all: [{with: {type: b}}]}}}}",
    ).tasks["/do/0/t"]
    assert isinstance(task, ListenTask)
    at = "/do/0/t/listen/to/any/0"
    assert task.to == Consumption(
        "any",
        (
            EventFilter(
                (("type", Constant("a")), ("data", Expression(".x > $context.y", f"{at}/with/data", ("context",)))),
                (
                    Correlation(
                        "o",
                        Expression(".data.o", f"{at}/correlate/o/from"),
                        Expression(".order", f"{at}/correlate/o/expect"),
                    ),
                    Correlation("p", Expression(".p", f"{at}/correlate/p/from"), Constant("q")),
                ),
            ),
        ),
        Consumption("all", (EventFilter((("type", Constant("b")),)),)),
    )


def test_listening_for_ever_is_told_by_its_end() -> None:
    for until, forever in (("'${ false }'", True), ("'false'", True), ("'. == []'", False)):
        task = read("", f"{{listen: {{to: {{any: [], until: {until}}}}}}}").tasks["/do/0/t"]
        assert isinstance(task, ListenTask)
        assert task.to.forever is forever
        assert task.to.filters == ()


def test_an_event_is_emitted_with_its_expressions() -> None:
    task = read("", "{emit: {event: {with: {source: /a, type: b, data: {c: '${ .d }'}}}}}").tasks["/do/0/t"]
    assert isinstance(task, EmitTask)
    data = MapTemplate((("c", Expression(".d", "/do/0/t/emit/event/with/data/c")),))
    assert task.event == MapTemplate((("source", Constant("/a")), ("type", Constant("b")), ("data", data)))


def test_a_timeout_is_the_same_in_place_and_by_name() -> None:
    workflow = read(
        "use: {timeouts: {soon: {after: PT5S}}}\ntimeout: soon", "{set: {a: 1}, timeout: {after: '${ .t }'}}"
    )
    assert workflow.timeout == Constant(5000)
    assert workflow.tasks["/do/0/t"].timeout == Expression(".t", "/do/0/t/timeout/after")


def test_extensions_have_lists_of_tasks() -> None:
    lists = "before: [{x: {set: {a: 1}, then: exit}}], after: [{y: {set: {b: 1}}}]"
    workflow = read(f"use: {{extensions: [{{log: {{extend: call, when: '$task.name == \"t\"', {lists}}}}}]}}")
    assert len(workflow.extensions) == 1
    found = workflow.extensions[0]
    assert (found.name, found.extend, found.path) == ("log", "call", "/use/extensions/0/log")
    assert found.before == ("/use/extensions/0/log/before/0/x",)
    assert found.after == ("/use/extensions/0/log/after/0/y",)
    assert set(workflow.tasks) == {*found.before, *found.after, "/do/0/t"}


def test_a_schema_may_stand_elsewhere() -> None:
    workflow = read("input: {schema: {resource: {endpoint: 'https://a.b/c.json', name: c}}}")
    assert workflow.input.schema is not None
    assert workflow.input.schema.document is None
    assert workflow.input.schema.resource is not None
    assert workflow.input.schema.resource.uri == Constant("https://a.b/c.json")
    assert [schema.document for schema in workflow.schemas] == [None]
