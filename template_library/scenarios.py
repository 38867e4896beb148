"""A package's scenarios (`tests/*.yaml`): an input or an event's data, what is connected, what must come of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from template_library.dsl import reader
from template_library.dsl.durations import DurationError, milliseconds
from template_library.holds import HoldFacts, Money


class MalformedScenario(ValueError):
    """A scenario's file has a wrong form. Its author corrects it; the message names file and member."""


class Double(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands behind a connection: a simulator by its connector's name.

    Attributes:
        faults: the failures that it shall have.
        books: what it knows at first beside its own, by kind: a list of documents, each known by its `id` or `code`.
    """

    connector: str
    faults: dict[str, Any] = {}
    books: dict[str, list[dict[str, Any]]] = {}


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What somebody does about a task.

    Attributes:
        by: a name, or an e-mail address; `kim` is kim@example.com.
        roles: slugs that they have; None: that of the task.
        after: time that passes before, since the task began or since the reply before.
        refused: name of the problem that they are to be refused with, such as `no-authority`; the task stays open.
        nobody: nobody answers this one, and its deadline goes on.
    """

    outcome: str = ""
    values: dict[str, Any] = {}
    by: str = "somebody"
    roles: tuple[str, ...] | None = None
    after: str = "PT0S"
    refused: str | None = None
    nobody: bool = False


class Coming(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An event that comes later.

    `after` the scenario began, heard by who listens then; without it: as soon as somebody listens.
    """

    type: str
    data: Any = None
    after: str | None = None
    source: str = "/tests"
    subject: str | None = None


class Again(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the start is sent again: `after` so long, with these members of its data in the place of those before."""

    after: str = "PT0S"
    data: dict[str, Any] = {}


class StandingHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A hold that is active as it begins: on an order, or without one on a customer."""

    type: str
    order: str | None = None
    customer: str | None = None
    line: str | None = None
    reason: str = "standing"
    value: Money | None = None
    facts: HoldFacts | None = None


class ClearedHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody clears a hold of this type, the oldest that the other members name.

    Attributes:
        after: time that passes before, since it was raised or since somebody else wanted to clear it.
        roles, refused: as of a reply; None: that which looks after the hold.
    """

    type: str
    order: str | None = None
    customer: str | None = None
    reason: str | None = None
    after: str = "PT0S"
    by: str = "somebody"
    roles: tuple[str, ...] | None = None
    refused: str | None = None


class Holds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    standing: tuple[StandingHold, ...] = ()
    cleared: tuple[ClearedHold, ...] = ()


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A document of this kind that is there for the evidence, `after` the scenario began.

    `kind`: a paper of the case, or words of the document's name. `document`: its id, for `add`; None: nobody says it.
    """

    kind: str
    after: str = "PT0S"
    document: str | None = None


class EntityKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    system: str
    id: str


class StandingEntity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the cross-reference knows as it begins. A system is named as its connection is."""

    kind: str
    keys: Annotated[tuple[EntityKey, ...], Meta(min_length=1)]


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What must come of it. Objects may have members that are not named here; lists must have as many items.

    Attributes:
        status: completed or faulted; waiting where nothing that is written down moves it any more.
        writes: by connection, what its simulator must count at the end, such as `{orders: 1}`. Empty: nothing
            was written in any.
        tasks: for people, in the order in which they were asked for; `outcome` is null of one that is open or expired.
        holds: in the order in which they were raised, with those that stood before.
        emitted: what the document emits, in its order.
        notices: to customers, once each.
        entities: of the cross-reference, with those that stood before: `kind`, and `keys` as they were linked.
        second: of the run of a start that is sent again under another id.
    """

    status: str
    output: Any = msgspec.UNSET
    error: Any = msgspec.UNSET
    writes: dict[str, dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET
    tasks: Any = msgspec.UNSET
    holds: Any = msgspec.UNSET
    emitted: Any = msgspec.UNSET
    notices: Any = msgspec.UNSET
    evidence: Any = msgspec.UNSET
    entities: Any = msgspec.UNSET
    second: dict[str, Any] = {}


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`parameters` are completed with the schema's defaults, as a deployment's are.

    Attributes:
        input: of the run, as it is.
        data: instead of it: that of one event which starts the run.
        twice: the starting event comes twice, under one id; `resent`: its data come again under another id, when the
            first run has ended; `again`: how they do.
        restarts: a worker dies behind every call, before the answer is kept, and another one goes on.
        people: what people reply, by kind of task, in the order in which they are asked.
        authority: rows of a matrix; None: one row for each decision, by which one person of the role that looks after
            it decides, and not who asked for it. An empty list: the client has set none.
        calendars: by name, as environments have them; none: one that is always open, in UTC.
        entities: what the cross-reference knows before.
        opted_out: addresses that want no notices.
        at: when the clock begins. It skips what is waited for.
    """

    name: str
    expect: Expectation
    input: Any = msgspec.UNSET
    data: Any = msgspec.UNSET
    parameters: dict[str, Any] = {}
    connections: dict[str, Double] = {}
    twice: bool | Literal["resent"] = False
    again: Again | None = None
    restarts: bool = False
    people: dict[str, tuple[Reply, ...]] = {}
    authority: list[dict[str, Any]] | None = None
    calendars: dict[str, dict[str, Any]] = {}
    events: tuple[Coming, ...] = ()
    holds: Holds = Holds()
    papers: tuple[Paper, ...] = ()
    entities: tuple[StandingEntity, ...] = ()
    opted_out: tuple[str, ...] = ()
    at: Annotated[datetime, Meta(tz=True)] | None = None

    def durations(self) -> Iterator[str]:
        """Every one that is written in it."""
        yield from (one.after for replies in self.people.values() for one in replies)
        yield from (one.after for one in self.events if one.after is not None)
        yield from (one.after for one in self.holds.cleared)
        yield from (one.after for one in self.papers)
        yield from () if self.again is None else (self.again.after,)

    def resent(self) -> Scenario:
        """As it starts the second time."""
        if self.again is None or not self.again.data:
            return self
        return msgspec.structs.replace(self, data={**self.data, **self.again.data})


def read(folder: Path) -> list[Scenario]:
    """The scenarios of the package in `folder`, by file name.

    Raises:
        MalformedScenario: a file has a wrong form.
        DocumentError: a file is no YAML.
    """
    return [_one(file) for file in sorted((folder / "tests").glob("*.yaml"))]


def _one(file: Path) -> Scenario:
    content = reader.read(file.read_text(encoding="utf-8"), filename=str(file)).value
    try:
        found = msgspec.convert(content, Scenario)
    except msgspec.ValidationError as error:
        raise MalformedScenario(f"{file}: {error}") from None
    if (found.input is msgspec.UNSET) == (found.data is msgspec.UNSET):
        raise MalformedScenario(f"{file}: give one of `input` (of the run) and `data` (of the event that starts it)")
    if found.again is not None and (found.twice != "resent" or not isinstance(found.data, dict)):
        raise MalformedScenario(f"{file}: `again` says how an object as `data` is sent again: it needs `twice: resent`")
    for one in found.durations():
        try:
            milliseconds(one)
        except DurationError as error:
            raise MalformedScenario(f"{file}: {error}") from None
    return found


def differences(expected: Any, found: Any, place: str = "") -> list[str]:
    """Where `found` is not as `expected`, a line each."""
    if isinstance(expected, dict) and isinstance(found, dict):
        missing = [f"{place}/{name} is missing" for name in expected if name not in found]
        present = [name for name in expected if name in found]
        return missing + [
            line for name in present for line in differences(expected[name], found[name], f"{place}/{name}")
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [line for index, pair in pairs for line in differences(*pair, f"{place}/{index}")]
    if type(expected) is not type(found) or expected != found:
        return [f"{place or '/'} is {_short(found)}, not {_short(expected)}"]
    return []


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 200 else text[:200] + "…"  # noqa: PLR2004 - a line or two on a screen
