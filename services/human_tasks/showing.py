"""What somebody is shown before they decide, and its digest, which the decision keeps (ADR 0098)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from infra import ids
from services.engine import values
from services.human_tasks.forms import Forms
from template_library import human_tasks
from template_library.human_tasks import Asked

_ENCODER: Final = msgspec.json.Encoder(order="sorted", decimal_format="number")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page of a task stands on; what it says of people and of time is no part of it."""

    task: str
    kind: str
    title: str
    instructions: str
    facts: dict[str, Any]
    shown: dict[str, Any]
    form: Any
    outcomes: list[str]
    decision: str | None
    about: Any
    value: Any

    def digest(self) -> bytes:
        """SHA-256 of its canonical JSON: members sorted, no spaces, numbers as they were asked with."""
        return hashlib.sha256(_ENCODER.encode(self)).digest()


def asked_of(row: Mapping[str, Any]) -> Asked:
    """What the task was asked with; `content` is JSON text."""
    return human_tasks.read(values.decode(row["content"]))


def to_person(row: Mapping[str, Any], asked: Asked, forms: Forms, roles: frozenset[str]) -> Shown:
    """The task as somebody with these roles sees it."""
    return Shown(
        task=ids.show("tsk", row["task_id"]),
        kind=asked.task,
        title=row["title"],
        instructions=asked.instructions,
        facts=asked.facts,
        shown=asked.shown,
        form=None if asked.form is None else forms.shown(asked.form, roles),
        outcomes=asked.outcomes,
        decision=asked.decision,
        about=None if asked.about is None else msgspec.to_builtins(asked.about),
        value=None if asked.value is None else msgspec.to_builtins(asked.value),
    )
