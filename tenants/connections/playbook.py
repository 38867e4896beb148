"""What becomes of a connection's calls while its continuity playbook is entered: its declaration (ADR 0035)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from template_library import schemas
from template_library.schemas import Breach

Standing = Literal["", "normal", "entered", "reconciling"]
"""Of a playbook; empty: it was never entered."""
Kind = Literal["queue", "connection", "file", "manual"]
_NO_FILE: Final = "a file answers no question; let the operation wait (queue), or have it done by hand (manual)"
_ONLY_KEYED: Final = "only what is read, or is recognised by its key, may go to another address of the same system"


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where one operation goes.

    Attributes:
        way: queue: it waits for the system, as everything does that is not named. connection: to the connection's
            `fallback`. file: it becomes a file in the tenant's folder. manual: a person does it.
        answer: of a file: what the run goes on with; without it, it waits until somebody tells what became of the file.
    """

    way: Kind
    answer: Any | UnsetType = UNSET


class Playbook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A connection's declaration. Empty: nothing but what is read goes elsewhere.

    Attributes:
        operations: by name.
        same_system: `fallback` is another address of the very system behind the connection, with the same records and
            the same keys.
        enters_after_minutes: of an outage, by itself; None: only a person enters it.
    """

    operations: dict[str, Way] = {}
    same_system: bool = False
    enters_after_minutes: Annotated[float, Meta(ge=0, le=10_080)] | None = None

    def way(self, operation: str) -> Way | None:
        """None where it is not named."""
        return self.operations.get(operation)

    @property
    def traced(self) -> set[str]:
        """Operations that people or files may take over: of each call it is noted that it was sent."""
        return {name for name, way in self.operations.items() if way.way in {"file", "manual"}}


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as a playbook is checked against it. `mode`: `by-call` where only the call tells."""

    mode: str
    output: Mapping[str, Any]


def breaches(playbook: Playbook, acts: Mapping[str, Act], fallback: UUID | None) -> list[Breach]:
    """What is wrong with a playbook of a connection with this fallback."""
    found = []
    for name, way in sorted(playbook.operations.items()):
        pointer = f"/playbook/operations/{name}"
        act = acts.get(name)
        if act is None:
            known = ", ".join(sorted(acts))
            found.append(Breach(pointer, f"the connector has no such operation; it has {known}"))
            continue
        found += [Breach(pointer + at, why) for at, why in _faults(way, act, playbook, fallback)]
    if playbook.same_system and fallback is None:
        found.append(Breach("/playbook/same_system", "the connection names no `fallback` that could be it"))
    return found


def _faults(way: Way, act: Act, playbook: Playbook, fallback: UUID | None) -> list[tuple[str, str]]:
    if way.answer is not UNSET and way.way != "file":
        return [("/answer", "only what becomes a file has an answer that is declared")]
    if way.way == "file":
        if act.mode == "read":
            return [("/way", _NO_FILE)]
        wrong = [] if way.answer is UNSET else schemas.check(act.output, way.answer)
        return [("/answer" + one.pointer, one.detail) for one in wrong]
    return _misled(act, playbook, fallback) if way.way == "connection" else []


def _misled(act: Act, playbook: Playbook, fallback: UUID | None) -> list[tuple[str, str]]:
    """Why the operation cannot go to the fallback; of `by-call` each call tells, and what may not go waits."""
    if fallback is None:
        return [("/way", "the connection names no `fallback` to which it could go")]
    if act.mode not in {"read", "keyed", "by-call"}:
        return [("/way", f"its mode is {act.mode}: {_ONLY_KEYED}")]
    if act.mode == "keyed" and not playbook.same_system:
        return [("/way", "it changes something: say with `same_system` that `fallback` is the same system")]
    return []
