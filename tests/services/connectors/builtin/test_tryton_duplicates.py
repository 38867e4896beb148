"""The rule of `duplicates`, run by simulated workers in every order that hypothesis can think of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.connectors.builtin.tryton.duplicates import CONFIRMED, Choice, Sale, Step, choose


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], Choice(Step.CREATE)),
        (["cancelled"], Choice(Step.CREATE)),
        (["draft"], Choice(Step.QUOTE, (0,))),
        (["quotation"], Choice(Step.CONFIRM, (0,))),
        (["cancelled", "quotation"], Choice(Step.CONFIRM, (1,))),
        (["draft", "draft", "quotation"], Choice(Step.CANCEL, (1, 2))),
        (["draft", "confirmed"], Choice(Step.CANCEL, (0,))),
        (["quotation", "processing", "draft"], Choice(Step.CANCEL, (0, 2))),
        (["cancelled", "done"], Choice(Step.DONE, (1,))),
        (["confirmed", "cancelled"], Choice(Step.DONE, (0,))),
    ],
)
def test_the_next_step(states: Sequence[str], expected: Choice) -> None:
    sales = [Sale(number, state) for number, state in enumerate(states)]
    assert choose(sales) == expected
    assert choose(sales[::-1]) == expected


@pytest.mark.parametrize(
    ("states", "refused", "expected"),
    [
        (["quotation"], 0, Choice(Step.CANCEL, (0,))),
        (["cancelled", "quotation"], 0, Choice(Step.CANCEL, (1,))),
        (["cancelled"], 0, Choice(Step.REFUSE, (0,))),
        (["cancelled", "processing"], 0, Choice(Step.DONE, (1,))),
    ],
)
def test_what_the_erp_refused_is_never_sold_by_another_attempt(
    states: Sequence[str], refused: int, expected: Choice
) -> None:
    assert choose([Sale(number, state, number == refused) for number, state in enumerate(states)]) == expected


@dataclass
class Erp:
    """A Tryton reduced to what the rule relies on. A sale under creation has its id before others can see it."""

    states: dict[int, str] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    marked: set[int] = field(default_factory=set)
    refuses: bool = False
    ids: int = 0

    def allot(self) -> int:
        self.ids += 1
        return self.ids

    def read(self) -> list[Sale]:
        return [Sale(number, state, number in self.marked) for number, state in self.states.items()]

    def commit(self, number: int) -> None:
        self._set(number, "draft")

    def cancel(self, number: int) -> None:
        if self.states[number] in {"draft", "quotation"}:
            self._set(number, "cancelled")

    def advance(self, step: Step, number: int, version: int) -> bool:
        """Whether the ERP did not refuse."""
        before, after = ("draft", "quotation") if step is Step.QUOTE else ("quotation", "confirmed")
        if step is Step.CONFIRM and self.refuses:
            return False
        if self.states[number] == before and self.versions[number] == version:
            self._set(number, after)
        return True

    def mark(self, number: int, version: int) -> None:
        if self.versions[number] == version:
            self.marked.add(number)
            self._set(number, self.states[number])

    def _set(self, number: int, state: str) -> None:
        self.states[number] = state
        self.versions[number] = self.versions.get(number, 0) + 1


@dataclass
class Worker:
    """One caller: reads, then acts on what it read. Each `step` is one request; requests may also arrive late."""

    erp: Erp
    choice: Choice | None = None
    versions: dict[int, int] = field(default_factory=dict)
    creating: int | None = None
    marking: int | None = None
    done: bool = False
    refused: bool = False

    def step(self) -> None:
        if self.creating is not None:
            self.erp.commit(self.creating)
            self.creating = None
        elif self.marking is not None:
            self.erp.mark(self.marking, self.versions[self.marking])
            self.marking = None
        elif self.choice is None:
            self.choice, self.versions = choose(self.erp.read()), dict(self.erp.versions)
            self.refused = self.choice.step is Step.REFUSE
            self.done = self.refused or self.choice.step is Step.DONE
        else:
            self._act(self.choice)
            self.choice = None

    def late_request(self) -> None:
        """The request of this moment was sent and the worker died: it takes effect, and the worker starts over."""
        if self.choice is not None and not self.done:
            self._act(self.choice)
        if self.creating is not None:
            self.erp.commit(self.creating)
        self.choice, self.creating, self.marking = None, None, None

    def _act(self, choice: Choice) -> None:
        if choice.step is Step.CREATE:
            self.creating = self.erp.allot()
        elif choice.step is Step.CANCEL:
            for number in choice.ids:
                self.erp.cancel(number)
        elif not self.erp.advance(choice.step, choice.ids[0], self.versions[choice.ids[0]]):
            self.marking = choice.ids[0]


_EVENTS = st.sampled_from(["step", "step", "step", "step", "dies", "credit"])


@settings(max_examples=4000, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), _EVENTS), max_size=100))
def test_F_03_no_order_of_events_confirms_two_sales_or_one_for_a_refused_run(events: list[tuple[int, str]]) -> None:
    """Every worker is taken for the run's: its refusal ends the run, and the others are zombies from then on."""
    erp = Erp()
    workers = [Worker(erp) for _ in range(3)]

    def check() -> None:
        confirmed = sum(state in CONFIRMED for state in erp.states.values())
        assert confirmed <= 1
        assert not (confirmed and any(worker.refused for worker in workers))

    for number, event in events:
        if event == "credit":
            erp.refuses = not erp.refuses
        elif event == "dies":
            workers[number].late_request()
        elif not workers[number].done:
            workers[number].step()
        check()
    erp.refuses = False
    for _ in range(60):  # the faults stop; every worker ends
        for worker in workers:
            if not worker.done:
                worker.step()
                check()
    assert all(worker.done for worker in workers)
    assert len({worker.refused for worker in workers}) == 1, "all end alike"
    assert sum(state in {"draft", "quotation"} for state in erp.states.values()) == 0
