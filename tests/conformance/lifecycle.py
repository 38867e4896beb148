"""The lifecycle events of a scenario: what is expected of them, and what must hold of any run's."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, Final

from services.engine.lifecycle import PREFIX

Expected = list[str | dict[str, Any]]
"""Types with their task, as `task.started /do/0/a`; or objects with that as `event` and members that the data have."""

_ENDS: Final = ("completed", "faulted", "cancelled")


def words_of(event: dict[str, Any]) -> str:
    """Type and task."""
    kind = event["type"].removeprefix(PREFIX).removesuffix(".v1")
    task = event["data"].get("task")
    return kind if task is None else f"{kind} {task}"


def unlike(expected: Expected | None, found: list[dict[str, Any]]) -> list[str]:
    """What is not as expected, a line each."""
    if expected is None:
        return []
    wanted = [one if isinstance(one, dict) else {"event": one} for one in expected]
    told = [words_of(event) for event in found]
    if told != [one["event"] for one in wanted]:
        return [f"told {told}"]
    return [
        f"{one['event']}: `{name}` is {event['data'].get(name)!r}, expected {value!r}"
        for one, event in zip(wanted, found, strict=True)
        for name, value in one.items()
        if name != "event" and not _holds(value, event["data"].get(name))
    ]


def broken(found: list[dict[str, Any]], status: str, name: str) -> list[str]:
    """Rules of every run's events that these break; `name` is the workflow's."""
    told = [words_of(event) for event in found]
    words = []
    if told.count("workflow.started") != 1 or told[0] != "workflow.started":
        words.append("the beginning is not told first and once")
    ends = [one for one in told if one in {f"workflow.{end}" for end in _ENDS}]
    if ends != ([f"workflow.{status}"] if status in _ENDS else []) or (ends and told[-1] != ends[0]):
        words.append(f"told {ends}, and last {told[-1]}, of a run that {status}")
    if len({event["id"] for event in found}) < len(found):
        words.append("two events have one id")
    times = [datetime.fromisoformat(event["time"]) for event in found]
    if times != sorted(times):
        words.append("they run backwards")
    begun, over = _counted(told, "started"), Counter[str]()
    for end in _ENDS:
        over += _counted(told, end)
    if (begun != over and status in _ENDS) or begun != _counted(told, "created"):
        words.append(f"tasks {dict(begun)} began, {dict(over)} ended")
    for event in found:
        qualified = event["data"].get("name", event["data"].get("workflow"))
        if qualified != f"{name}-{event['subject']}.conformance":
            words.append(f"{event['type']} is of {qualified}")
    return words


def _counted(told: list[str], verb: str) -> Counter[str]:
    return Counter(one.partition(" ")[2] for one in told if one.startswith(f"task.{verb} "))


def _holds(expected: Any, found: Any) -> bool:
    """An error has at least the members that are expected; everything else is equal."""
    if isinstance(expected, dict) and "status" in expected and isinstance(found, dict):
        return all(found.get(name) == value for name, value in expected.items())
    return bool(expected == found)
