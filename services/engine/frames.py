"""One open scope of a run, and what each kind of task remembers while its scope is open."""

from __future__ import annotations

from typing import Any

import msgspec


class Looping(msgspec.Struct, frozen=True, tag="for"):
    """`for`: the collection and the place in it, from 0."""

    items: list[Any]
    at: int = 0


class Trying(msgspec.Struct, frozen=True, omit_defaults=True, tag="try"):
    """`try`.

    Attributes:
        attempt: of its tasks, from 1.
        since: Unix milliseconds at which the first attempt began.
        most: milliseconds that one attempt may take; `until` is the moment at which the one under way is interrupted.
        caught: the error, as the catch's tasks see it; absent while the tried ones run.
    """

    since: int
    attempt: int = 1
    most: int | None = None
    until: int | None = None
    caught: Any = msgspec.UNSET


class Forking(msgspec.Struct, frozen=True, tag="fork"):
    """`fork`: outputs by branch, and the errors of those that lost."""

    outputs: dict[int, Any] = {}
    errors: dict[int, Any] = {}


class Hearing(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="listen"):
    """`listen`.

    Attributes:
        filters: the attributes asked for by filter, those of `until` behind the others.
        expected: values of the correlations by name, as far as they are known.
        heard: the events that matched and were not part of `until`, as the task reads them.
        places: of `all`, the filters that were met.
        until: filters of `until` that were met.
        queue: events that `foreach` has yet to take; `at` is the place of the one that it has.
        outputs: what `foreach` made of those that it took.
        is_over: nothing more is heard; `foreach` takes what is left.
    """

    filters: list[dict[str, Any]]
    expected: dict[str, Any] = {}
    heard: list[Any] = []
    places: list[int] = []
    until: list[int] = []
    queue: list[Any] = []
    at: int = 0
    outputs: list[Any] = []
    is_over: bool = False


class Subscribing(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="subscription"):
    """`call: asyncapi` with a subscription.

    Attributes:
        until: Unix milliseconds at which it ends.
        amount: messages after which it ends.
        heard: the messages that passed the filter; `count` of them.
        queue: those that `foreach` has yet to take; `at` is the place of the one that it has.
        outputs: what `foreach` made of those that it took.
        is_begun: a batch was fetched.
        is_over: no more are asked for; `foreach` takes what is left.
        is_closed: the other side knows that it is over.
    """

    until: int | None = None
    amount: int | None = None
    heard: list[Any] = []
    count: int = 0
    queue: list[Any] = []
    at: int = 0
    outputs: list[Any] = []
    is_begun: bool = False
    is_over: bool = False
    is_closed: bool = False


class Extending(msgspec.Struct, frozen=True, omit_defaults=True, tag="extension"):
    """The tasks of an extension around the task in the frame below.

    Attributes:
        is_behind: they run behind the task, whose raw output and directive are `output` and `then`.
        is_bypassed: `exit` was said before it; what they gave is its output.
    """

    is_behind: bool = False
    is_bypassed: bool = False
    output: Any = None
    then: str | None = None


Memory = Looping | Trying | Forking | Hearing | Subscribing | Extending


class Frame(msgspec.Struct, omit_defaults=True):
    """One open scope: a workflow, a list of tasks, or the task that waits.

    Attributes:
        path: pointer of its definition, empty for the workflow; `reference` is where it runs, which differs inside a
            function of `use.functions` and inside a nested workflow.
        index: the child that is open or comes next.
        raw: the task's raw input.
        input: its transformed input, absent when that is the raw one.
        iteration: how often the reference had been entered, from 1.
        key: the reference that the keys of its effects are made of, where that is another: it was moved (ADR 0032).
        started_at: Unix milliseconds.
        deadline: Unix milliseconds at which its timeout interrupts it.
        memory: what its kind of task remembers.
        variables: runtime arguments of the tasks inside, by name.
        extensions: places of those that are around the task, in the document's order.
    """

    path: str
    reference: str
    index: int = 0
    raw: Any = None
    input: Any = msgspec.UNSET
    iteration: int = 1
    key: str = ""
    started_at: int = 0
    deadline: int | None = None
    memory: Memory | None = None
    variables: dict[str, Any] = {}
    extensions: list[int] = []

    @property
    def expires(self) -> int | None:
        """Unix milliseconds at which its timeout interrupts it, or the limit of its attempt what is inside."""
        attempt = self.memory.until if isinstance(self.memory, Trying) else None
        return min((one for one in (self.deadline, attempt) if one is not None), default=None)

    @property
    def value(self) -> Any:
        return self.raw if self.input is msgspec.UNSET else self.input

    @property
    def keyed(self) -> str:
        """The reference that the keys of its effects are made of."""
        return self.key or self.reference

    @property
    def hears(self) -> bool:
        return isinstance(self.memory, Hearing) and not self.memory.is_over
