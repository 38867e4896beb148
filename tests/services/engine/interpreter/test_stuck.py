"""What keeps a run from moving to another version of its workflow, and in which words; and what does not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.engine import decisions, mapping, moving
from services.engine.functions import Later
from services.engine.moving import Side
from services.engine.sameness import Stuck
from services.engine.state import Snapshot
from tests.services.engine.interpreter.strands import AWAY, Run, document

TENANT, RUN = UUID(int=1), UUID(int=2)
APPROVE = "{listen: {to: {one: {with: {type: approved}}}}}"
BILL = "{call: 'f:1.0.0@default', with: {connection: erp, x: 1}}"


def side(body: str, **bindings: int) -> Side:
    return Side(
        programs={"": document(body)},
        bindings={name: UUID(int=number) for name, number in bindings.items()},
        parameters={"limit": 3},
    )


async def moved(old: str, new: str, pairs: dict[str, str] | None = None, value: Any = None) -> Snapshot:
    run = await Run(old).begin(value)
    return moving.move(run.step.snapshot, side(old, erp=1), side(new, erp=1), pairs or {})


async def stuck(old: str, new: str, pairs: dict[str, str] | None = None, value: Any = None) -> tuple[str, str]:
    with pytest.raises(Stuck) as found:
        await moved(old, new, pairs, value)
    return found.value.reference, found.value.detail


async def test_a_task_that_is_gone_or_of_another_kind_keeps_the_run() -> None:
    old = f"do: [{{approve: {APPROVE}}}]"
    assert await stuck(old, "do: [{other: {set: {a: 1}}}]") == (
        "/do/0/approve",
        "the new revision has no task at /do/0/approve",
    )
    _, detail = await stuck(old, "do: [{approve: {wait: {seconds: 5}}}]")
    assert detail == "/do/0/approve is no `listen` any more; it is a `wait`"
    _, detail = await stuck(old, old.replace("approved", "granted"))
    assert detail == "/do/0/approve is open, and what it listens for is another one in the new revision"


async def test_an_inserted_task_is_a_matter_of_mapping_and_the_mapping_is_found() -> None:
    old, new = f"do: [{{approve: {APPROVE}}}]", f"do: [{{first: {{set: {{a: 1}}}}}}, {{approve: {APPROVE}}}]"
    assert (await stuck(old, new))[0] == "/do/0/approve"
    pairs = mapping.suggest(document(old), document(new))
    assert pairs == {"/do/0/approve": "/do/1/approve"}
    there = await moved(old, new, pairs)
    assert [frame.reference for frame in there.strands[0].frames] == ["", "/do/1/approve"]
    assert there.strands[0].frames[0].index == 1
    assert there.run.parameters == {"limit": 3}
    wrong = mapping.check({"/do/9": "/do/0/first", "/do/0/approve": "/do/0/first"}, document(old), document(new))
    assert [one.detail for one in wrong] == [
        "the old revision has no task at /do/9",
        "/do/0/approve is a `listen`, and /do/0/first a `set`",
    ]


async def test_F_03_a_call_that_is_open_keeps_its_key_wherever_it_goes() -> None:
    old, new = f"do: [{{bill: {BILL}}}]", f"do: [{{first: {{set: {{a: 1}}}}}}, {{charge: {BILL}}}]"
    run = await Run(old).begin()
    snapshot = decisions.put_off(run.step.snapshot, 0, Later(reason="busy", ref="erp", error=AWAY), run.now + 1000)
    pairs = {"/do/0/bill": "/do/1/charge"}
    there = moving.move(snapshot, side(old, erp=1), side(new, erp=1), pairs)
    effects = [one.effect for one in (snapshot, there) if one.effect is not None]
    keys = [decisions.call_of(effect, tenant=TENANT, run=RUN).key for effect in effects]
    assert keys[0] == keys[1]
    assert (effects[1].reference, effects[1].name) == ("/do/1/charge", "charge")
    # Moved once more its key is still the first one's.
    third = f"do: [{{last: {BILL}}}]"
    again = moving.move(there, side(new, erp=1), side(third, erp=1), {"/do/1/charge": "/do/0/last"})
    assert again.effect is not None
    assert decisions.call_of(again.effect, tenant=TENANT, run=RUN).key == keys[0]


async def test_a_call_that_is_open_must_be_the_same_call() -> None:
    old = f"do: [{{bill: {BILL}}}]"
    _, detail = await stuck(old, old.replace("x: 1", "x: 2"))
    assert detail.startswith(
        "/do/0/bill waits for an answer, and `with` of its open call of f:1.0.0@default is another"
    )
    run = await Run(old).begin()
    with pytest.raises(Stuck, match="`erp` is bound to another connection"):
        moving.move(run.step.snapshot, side(old, erp=1), side(old, erp=2), {})
    # What comes behind it may be whatever it likes.
    await moved(old, f"do: [{{bill: {BILL}}}, {{more: {{set: {{a: 1}}}}}}]")


async def test_branches_are_found_by_their_names_and_all_must_be_there() -> None:
    two = "do: [{both: {fork: {branches: [{a: {wait: {seconds: 5}}}, {b: {wait: {seconds: 9}}}]}}}]"
    turned = "do: [{both: {fork: {branches: [{b: {wait: {seconds: 9}}}, {a: {wait: {seconds: 5}}}]}}}]"
    pairs = mapping.suggest(document(two), document(turned))
    there = await moved(two, turned, pairs)
    assert {one.branch: one.frames[-1].reference for one in there.strands[1:]} == {
        1: "/do/0/both/fork/branches/1/a",
        0: "/do/0/both/fork/branches/0/b",
    }
    third = two.replace("{b:", "{c: {wait: {seconds: 1}}}, {b:")
    assert "the number of its branches" in (await stuck(two, third))[1]
    assert "whether its branches compete" in (await stuck(two, two.replace("{branches", "{compete: true, branches")))[1]


async def test_names_that_open_tasks_gave_to_their_data_stay() -> None:
    loop = "do: [{all: {for: {each: one, in: '${ .items }'}, do: [{rest: {wait: {seconds: 5}}}]}}]"
    _, detail = await stuck(loop, loop.replace("each: one", "each: other"), value={"items": [1, 2]})
    assert detail == "/do/0/all is open, and the name of its item is another one in the new revision"


async def test_a_nested_workflow_must_be_a_part_of_the_new_revision() -> None:
    old = "do: [{inner: {run: {workflow: {namespace: test, name: inner, version: '1.0.0'}}}}]"
    inner = "do: [{rest: {wait: {seconds: 5}}}]"
    run = await Run(old, {"inner": inner}).begin()
    name = "test/inner:1.0.0"
    former = Side(programs={"": document(old), name: document(inner, "inner")}, bindings={}, parameters={})
    assert moving.move(run.step.snapshot, former, former, {}) == run.step.snapshot
    with pytest.raises(Stuck, match="which is no part of the new revision"):
        moving.move(run.step.snapshot, former, Side(programs={"": document(old)}, bindings={}, parameters={}), {})
