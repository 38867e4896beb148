"""Where the tasks of one document are in another one of the same workflow. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from template_library.dsl.graph import KINDS
from template_library.dsl.model import Task, Workflow

MOST: Final = 200
"""Pairs of one mapping."""


class WrongPair(msgspec.Struct, frozen=True):
    """What is wrong with the pair of the mapping whose old pointer is `pointer`."""

    pointer: str
    detail: str


def there(pointer: str, mapping: Mapping[str, str]) -> str:
    """The pointer of the same task in the other document: a task moves with the innermost mapped one around it."""
    place = pointer
    while place and mapping:
        if place in mapping:
            return mapping[place] + pointer[len(place) :]
        place = place.rpartition("/")[0]
    return pointer


def check(mapping: Mapping[str, str], old: Workflow, new: Workflow) -> list[WrongPair]:
    """Everything wrong with a mapping that people wrote, in its order."""
    wrong: list[WrongPair] = []
    seen: dict[str, str] = {}
    for here, target in mapping.items():
        before, after = old.tasks.get(here), new.tasks.get(target)
        if before is None:
            wrong.append(WrongPair(here, f"the old revision has no task at {here}"))
        elif after is None:
            wrong.append(WrongPair(here, f"the new revision has no task at {target}"))
        elif kind(before) != kind(after):
            wrong.append(WrongPair(here, f"{here} is a `{kind(before)}`, and {target} a `{kind(after)}`"))
        elif target in seen:
            wrong.append(WrongPair(here, f"{seen[target]} is moved to {target} as well"))
        seen.setdefault(target, here)
    return wrong


def suggest(old: Workflow, new: Workflow) -> dict[str, str]:
    """Tasks of the old document that have another pointer in the new one and the same names around them.

    As few pairs as say it: a task that moves with the one around it is not named.
    """
    named = {_names(path): path for path in new.tasks}
    found: dict[str, str] = {}
    for path, task in sorted(old.tasks.items(), key=lambda one: one[0].count("/")):
        target = named.get(_names(path))
        if target is not None and there(path, found) != target and kind(new.tasks[target]) == kind(task):
            found[path] = target
    return found


def kind(task: Task) -> str:
    """The word of the language for what a task does."""
    return KINDS[type(task)]


def _names(path: str) -> str:
    """The pointer without places in lists: names are unique in a list."""
    return "/".join(part for part in path.split("/") if not part.isdigit())
