"""Workflows that ask somebody before they write, and the system that they write to."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from services.engine.functions import NOT_APPROVED, Answer, Call, Done, Terms
from services.human_tasks.judging import Question, Verdict
from template_library.policies.capabilities import Writes
from tests.services.human_tasks.office import Office, person

TASK: Final = """
      call: human-task:1.0.0@default
      with:
        task: review
        title: A price
        role: credit-manager
        decision: price.release
        outcomes: [ok, no]
        refusals: [no]
"""
PLAIN: Final = TASK.replace("        decision: price.release\n", "").replace("        refusals: [no]\n", "")
WRITE: Final = """
      call: connector:1.0.0@default
      with:
        connection: erp
        operation: write
        input: {value: 1}
"""
STATED: Final = (
    WRITE.rstrip()
    + """
        authority: {decision: price.release, facts: {amount: {amount: 700, currency: USD}}}
"""
)
HEAD: Final = "document: {dsl: '1.0.3', namespace: tests, name: asking, version: 1.0.0}\ndo:"
ASKING: Final = f"{HEAD}\n  - review:{TASK}  - write:{WRITE}"
OTHER: Final = ASKING.replace("price.release", "order.expedite")
UNTOLD: Final = ASKING.replace("        refusals: [no]\n", "")
TWICE: Final = f"{HEAD}\n  - each:\n      for: {{each: one, in: '${{ [1, 2] }}'}}\n      do:" + "".join(
    f"\n        - {name}:{text.replace(chr(10) + '      ', chr(10) + '            ')}"
    for name, text in (("review", TASK), ("write", WRITE))
)
REFUSED: Final = f"{HEAD}\n  - review:{TASK}  - write:{STATED}"
BY_ITSELF: Final = f"{HEAD}\n  - write:{STATED}"
NEWER: Final = """
INSERT INTO app.human_task (tenant_id, task_id, run_id, key, reference, kind, title, role, state, content, outcome,
  closed_at)
SELECT $1, $2, run_id, 'newer', reference, kind, title, role, state, content, outcome, clock_timestamp()
FROM app.human_task
"""
WAITING: Final = f"{HEAD}\n  - look:{PLAIN}  - write:{STATED}"


class Side:
    """The other system: remembers what it was asked to do."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, call: Call) -> Answer:
        self.asked.append(call.arguments["operation"])
        return Done(output={"value": 1})

    async def terms(self, call: Call) -> Terms | None:
        del call
        return None

    async def settle(self, call: Call) -> Answer:
        raise AssertionError(call)


async def writes_of(_call: Call) -> Writes:
    return frozenset({"price"})


async def anybody(_connection: Any, _asked: Question, /) -> Verdict:
    return Verdict(is_allowed=True)


async def task_of(office: Office) -> UUID:
    (task,) = await office.rows("SELECT task_id FROM app.human_task WHERE closed_at IS NULL")
    found: UUID = task["task_id"]
    return found


async def decided(office: Office, outcome: str, who: int = 1) -> None:
    await office.complete(await task_of(office), person(who), outcome)
    await office.go()


async def refused(office: Office) -> str:
    """Why, of the one run."""
    (run,) = await office.rows("SELECT state, error::text AS error FROM app.run")
    error = msgspec.json.decode(run["error"])
    assert (run["state"], error["type"]) == ("faulted", NOT_APPROVED)
    detail: str = error["detail"]
    return detail


async def approvals(office: Office) -> list[Any]:
    return await office.rows("SELECT * FROM app.approval ORDER BY approval_id")
