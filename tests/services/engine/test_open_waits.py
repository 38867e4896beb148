"""Why a run stands still: everything that it waits for at once, each with what would move it."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from services.engine import decisions, open_waits, waiting
from services.engine.functions import Later
from services.engine.open_waits import Awaited, OpenWait
from tests.services.engine.interpreter.strands import AWAY, START, Run

DOCUMENT: Final = """
timeout: {after: {hours: 2}}
do:
  - all:
      timeout: {after: {minutes: 30}}
      fork:
        branches:
          - bill: {call: 'f:1.0.0@default', with: {x: 1}}
          - rest: {wait: {minutes: 5}}
          - approve:
              listen:
                to:
                  all:
                    - with: {type: approved, subject: SO-1}
                      correlate: {order: {from: .data.order, expect: '${ .order }'}}
                    - with: {source: /desk}
          - again:
              try: [{fetch: {call: 'f:1.0.0@default', with: {x: 2}}}]
              catch: {retry: {delay: {seconds: 7}, limit: {attempt: {count: 3}}}}
"""


def at(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(START / 1000 + seconds, dt.UTC)


async def standing() -> Any:
    run = await Run(DOCUMENT).begin({"order": "SO-1"})
    await run.answer("fetch", AWAY)
    strand, _ = run.calls()["bill"]
    later = Later(reason="it answered with status 503", ref="con_1", error=AWAY)
    return decisions.put_off(run.step.snapshot, strand, later, run.now + 9_000)


async def test_each_branch_says_what_it_waits_for() -> None:
    found = {one.name: one for one in open_waits.of(await standing())}
    limit = at(30 * 60)
    path = "/do/0/all/fork/branches"
    assert found.pop("bill") == OpenWait(
        kind="connection",
        reference=f"{path}/0/bill",
        name="bill",
        ref="con_1",
        reason="it answered with status 503",
        attempt=2,
        until=at(9),
        interrupted_at=limit,
    )
    assert found.pop("rest") == OpenWait(
        kind="timer", reference=f"{path}/1/rest", name="rest", until=at(300), interrupted_at=limit
    )
    assert found.pop("approve") == OpenWait(
        kind="event",
        reference=f"{path}/2/approve",
        name="approve",
        interrupted_at=limit,
        events=[
            Awaited(type="approved", attributes={"subject": "SO-1"}),
            Awaited(type=None, attributes={"source": "/desk"}),
        ],
        correlation={"order": "SO-1"},
    )
    again = found.pop("again")
    assert (again.kind, again.attempt, again.until) == ("attempt", 2, at(7))
    assert not found


async def test_the_most_telling_reason_says_how_many_there_are_beside_it() -> None:
    snapshot = await standing()
    reason = waiting.reason(snapshot, at(0))
    assert (reason.kind, reason.ref, reason.others) == ("connection", "con_1", 3)
    strand = next(strand.id for strand, _ in snapshot.calls())
    sent = decisions.sent(snapshot, {strand}, set(), 0)
    assert [one.unknown for one in open_waits.of(sent) if one.name == "bill"] == [True]
    asked = decisions.asked(sent, strand, 0, "nobody knows")
    assert [one.kind for one in open_waits.of(asked) if one.name == "bill"] == ["uncertain"]
    assert waiting.reason(asked, at(0)).kind == "uncertain"


async def test_a_listener_tells_what_has_come_and_one_for_ever_goes_on_hearing() -> None:
    run = await Run("do: [{both: {listen: {to: {all: [{with: {type: a}}, {with: {type: b}}]}}}}]").begin()
    await run.hear("b")
    (one,) = open_waits.of(run.step.snapshot)
    assert ([event.is_met for event in one.events], one.heard) == ([False, True], 1)
    anything = "do: [{any: {listen: {to: {any: []}}}}]"
    assert open_waits.of((await Run(anything).begin()).step.snapshot)[0].events == [Awaited(type=None, attributes={})]
