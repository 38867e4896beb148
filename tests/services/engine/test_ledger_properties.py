"""Whatever happens in whatever order, no effect happens twice and what is known is not asked again (F-01, F-03, I3)."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any, cast

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from infra.ids import TenantId
from services.engine import deciding, repeating
from services.engine.advance import Advance
from services.engine.deciding import Decision
from services.engine.definitions import Definition
from services.engine.interpreter import Interpreter
from template_library.dsl import parse
from tests.services.engine.ledger_model import CONNECTION, RUN, TENANT, Died, Side, Store

_CALL = "{call: 'connector:1.0.0@default', with: {connection: erp, operation: write, input: {value: 7}}}"
_HEAD = "document: {dsl: '1.0.3', namespace: tests, name: ledger, version: 1.0.0}\n"
PLAIN = f"{_HEAD}do:\n  - one: {_CALL}\n  - two: {_CALL}\n"
TRIED = (
    f"{_HEAD}do:\n  - safe:\n      try: [{{one: {_CALL}}}]\n      catch: "
    "{errors: {with: {type: 'https://serverlessworkflow.io/spec/1.0.0/errors/communication'}}, "
    "retry: {delay: {milliseconds: 5}, limit: {attempt: {count: 2}}}}\n"
    f"  - two: {_CALL}\n"
)
MODES = ("keyed", "aging", "aging-blind", "check-then-write", "once-or-ask", "once-or-ask-blind")
FATES = ("", "busy", "refused", "lost", "lost-nothing", "dies", "dies-nothing", "frozen")
_KEY_SECONDS = 5.0
_TURNS = 60


class _Unneeded:
    async def evaluate(self, *_: Any, **__: Any) -> list[Any]:
        raise AssertionError("the documents ask for no expression")


class LedgerMachine(RuleBasedStateMachine):
    """One run, of whose workers any may die at any commit and with any request."""

    @initialize(mode=st.sampled_from(MODES), text=st.sampled_from((PLAIN, TRIED)))
    def begin(self, mode: str, text: str) -> None:
        kind, sees = mode.removesuffix("-blind"), not mode.endswith("-blind")
        seconds = _KEY_SECONDS if kind == "aging" else None
        self.loop = asyncio.new_event_loop()
        self.store = Store()
        self.side = Side(self.store, cast("Any", "keyed" if kind == "aging" else kind), sees=sees, seconds=seconds)
        self.side.overtake = self._turn
        workflow = parse(text)
        interpreter = Interpreter(workflow, cast("Any", _Unneeded()))
        definition = Definition(workflow.document.identity, interpreter, {}, {"erp": CONNECTION})
        self.advance = Advance(
            cast("Any", None),
            cast("Any", _Pinned(definition)),
            {"connector:1.0.0@default": self.side},
            cast("Any", self.store),
            cast("Any", self.store),
            leave_after_commit=lambda: False,
            told=lambda: None,
        )

    async def _turn(self) -> None:
        """Some worker has the run in hand, until it waits or ends, or the worker dies."""
        with contextlib.suppress(Died):
            await self.advance(self.store.claim())

    @precondition(lambda self: self.may_go_on)
    @rule(
        requests=st.lists(st.sampled_from(FATES), max_size=4),
        commits=st.lists(st.sampled_from(("", "", "before", "after")), max_size=4),
    )
    def work(self, requests: list[str], commits: list[str]) -> None:
        self.side.fates, self.store.fates = requests, commits
        self.loop.run_until_complete(self._turn())

    @rule(seconds=st.sampled_from((0.5, _KEY_SECONDS / 2, _KEY_SECONDS + 1)))
    def pass_time(self, seconds: float) -> None:
        self.store.moment += timedelta(seconds=seconds)

    @precondition(lambda self: self.store.is_asked)
    @rule(tells=st.booleans())
    def decide(self, *, tells: bool) -> None:
        """A person who has looked, or who lets the task fail."""
        key = next(key for key, one in self.store.effects.items() if one.is_asked)
        found = "happened" if key in self.side.booked else "did-not-happen"
        if found == "did-not-happen":
            self.side.doubtful.discard(key)
        choice = cast("deciding.Choice", found if tells else "fail")
        decision = Decision(effect=key, actor="p", choice=choice, version=self.store.effects[key].version, output={})
        self.loop.run_until_complete(deciding.decide(_Doors(self.store), TenantId(TENANT), RUN, decision))

    @precondition(lambda self: self.store.state == "faulted")
    @rule()
    def retry(self) -> None:
        self.loop.run_until_complete(repeating.retry(_Doors(self.store), TenantId(TENANT), RUN, "p"))

    @property
    def may_go_on(self) -> bool:
        return self.store.state in {"pending", "running"} or (
            self.store.state == "waiting" and self.store.due is not None
        )

    @invariant()
    def nothing_happened_twice(self) -> None:
        assert all(count == 1 for count in self.side.booked.values()), self.side.booked

    @invariant()
    def what_is_confirmed_happened(self) -> None:
        for key, one in self.store.effects.items():
            assert one.status != "confirmed" or key in self.side.booked

    @invariant()
    def no_task_is_done_twice(self) -> None:
        done = [reference for kind, reference in self.store.lines if kind == "task.completed"]
        assert len(done) == len(set(done))

    def teardown(self) -> None:
        """With nothing in its way and people who know, the run comes to its end, and each effect has happened once."""
        try:
            self._come_to_an_end()
        finally:
            self.loop.close()

    def _come_to_an_end(self) -> None:
        for _ in range(_TURNS):
            if self.store.state == "completed":
                break
            if self.store.is_asked:
                self.decide(tells=True)
            elif self.store.state == "faulted":
                self.retry()
            else:
                self.work([], [])
        assert self.store.state == "completed", (self.store.state, self.store.waits_for, self.store.lines)
        assert list(self.side.booked.values()) == [1, 1], (self.side.booked, self.store.lines)
        self.nothing_happened_twice()
        self.no_task_is_done_twice()


class _Pinned:
    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    async def get(self, *_: Any) -> Definition:
        return self._definition


class _Doors:
    """What `app.decide_effect` and `app.retry_run` do to the row."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def fetchrow(self, *_: Any) -> dict[str, Any]:
        store = self._store
        return {"state": store.state, "seq": store.seq, "snapshot": store.snapshot, "input": "null"}

    async def fetchval(self, statement: str, *given: Any) -> str:
        return self._decide(*given) if "decide_effect" in statement else self._retry(*given)

    def _decide(self, *given: Any) -> str:
        store, (_, key, _, _, seen, lines, snapshot, told, _) = self._store, given
        known = store.effects[key]
        if known.version != seen or known.status != "unknown":
            return "changed"
        if store.is_leased or store.seq != lines:
            return "held"
        store.snapshot, store.state = snapshot or store.snapshot, "running"
        store.tell("effect.decided", "", told)
        return "decided"

    def _retry(self, *given: Any) -> str:
        store, (_, _, _, seen, snapshot, _, told) = self._store, given
        if store.state != "faulted" or store.seq != seen:
            return "changed"
        store.state, store.fence, store.snapshot = "running", store.fence + 1, snapshot
        store.tell("run.retried", "", told)
        assert msgspec.json.decode(told)
        return "faulted"


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(
    max_examples=300, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
)
