"""A run moved by hand: its answers, its clock and its events are the test's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.engine import decisions, state
from services.engine.expressions import trivial
from services.engine.functions import Done, ErrorDetails, Failed
from services.engine.interpreter import Interpreter
from services.engine.state import Ended, RunDescriptor, Step
from services.engine.waits import Effect
from template_library.dsl import parse
from template_library.dsl.model import Workflow

HEAD = "document: {dsl: '1.0.3', namespace: test, name: t, version: '1.0.0'}\n"
START = 1_700_000_000_000
RUN = RunDescriptor(id="run_1", tenant="t", environment="test", started_at=START)
AWAY = ErrorDetails(type="https://example.com/away", status=503, title="Away")


class InProcess:
    """Trivial programs only, so that these tests start no process."""

    async def evaluate(self, programs: Any, value: Any, variables: Any, *, lane: str = "") -> list[Any]:
        del lane
        results = [trivial.evaluate(program, value, variables) for program in programs]
        assert trivial.NOT_TRIVIAL not in results, programs
        return results


def document(body: str, name: str = "t") -> Workflow:
    return parse(HEAD.replace("name: t,", f"name: {name},") + body, whole=True)


class Run:
    """Between two moves the run is stored and read again, as another worker would."""

    def __init__(self, body: str, nested: Mapping[str, str] | None = None) -> None:
        others = {f"test/{name}:1.0.0": document(text, name) for name, text in (nested or {}).items()}
        self.interpreter = Interpreter(document(body), InProcess(), others)
        self.now = START
        self.step: Step

    async def begin(self, value: Any = None) -> Run:
        self.step = await self.interpreter.begin({} if value is None else value, RUN)
        return self

    def calls(self) -> dict[str, tuple[int, Effect]]:
        return {wait.effect.name: (strand.id, wait.effect) for strand, wait in self.step.snapshot.calls()}

    async def answer(self, name: str, output: Any) -> None:
        """`output` may be an error."""
        answer = Failed(error=output) if isinstance(output, ErrorDetails) else Done(output=output)
        strand, _ = self.calls()[name]
        await self._take(await self.interpreter.resume(self._stored(), answer, strand=strand, now=self.now))

    async def pass_time(self, seconds: float) -> None:
        self.now += round(seconds * 1000)
        await self._take(await self.interpreter.fire(self._stored(), now=self.now))

    async def hear(self, kind: str, data: Any = None, **attributes: Any) -> None:
        number = str(self.step.snapshot.received)
        event = {"specversion": "1.0", "id": number, "source": "/s", "type": kind, "data": data, **attributes}
        await self._take(await self.interpreter.deliver(self._stored(), event, now=self.now))

    async def _take(self, step: Step) -> None:
        self.step = decisions.joined(self.step, step)

    def _stored(self) -> state.Snapshot:
        return state.decode(state.encode(self.step.snapshot))

    @property
    def end(self) -> Ended:
        assert isinstance(self.step.outcome, Ended), self.step.outcome
        return self.step.outcome

    @property
    def waits(self) -> bool:
        return not isinstance(self.step.outcome, Ended)

    def lines(self, kind: str) -> list[str]:
        return [entry.name for entry in self.step.entries if entry.kind == kind]
