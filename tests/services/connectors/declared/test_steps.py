"""What takes several writes: each is made once, whoever dies between them (ADR 0095)."""

from __future__ import annotations

import json
from typing import Any

from services.connectors.declared import checks, reading
from services.connectors.simulators.http import Answered
from services.engine.functions import Done, Failed, Later
from tests.services.connectors.declared.conftest import Meet
from tests.services.connectors.declared.other import manifest, operation, path_of, said

MAKE: dict[str, Any] = operation(
    effect="check-then-write",
    checks=[
        {"request": {"path": "drafts"}, "holds": "${ length < 2 }", "otherwise": "There are two", "keep": "drafts"}
    ],
    before=[
        {
            "unless": "${ ($kept.drafts | length) == 1 }",
            "request": {"method": "POST", "path": "drafts", "body": "${ . }"},
            "keep": "made",
            "holds": "${ .id != null }",
            "otherwise": "It made nothing",
        }
    ],
    request={"method": "POST", "path": "confirm/${ $kept.drafts[0].id // $kept.made.id }"},
    also={"whole": {"path": "orders/${ $found.order }"}},
    answer={"number": "${ $also.whole.number }"},
    read_back={"request": {"path": "orders"}, "found": "${ . }", "answer": {"number": "${ .number }"}},
)
DOCUMENT = manifest(operations={"thing.make": MAKE})
NONE, DRAFT, MADE, WHOLE = said([]), said([{"id": 7}]), said({"id": 7}), said({"number": "S-1"})
CONFIRMED = said({"order": "o7"})


async def test_each_part_is_written_in_its_order_and_what_came_is_read(meet: Meet) -> None:
    other, desk = await meet(DOCUMENT, NONE, NONE, MADE, CONFIRMED, WHOLE)
    assert await desk.call("thing.make") == Done(output={"number": "S-1"})
    asked = [(one.method, path_of(one)) for one in other.asked]
    assert asked[2:] == [("POST", "/api/drafts"), ("POST", "/api/confirm/7"), ("GET", "/api/orders/o7")]


async def test_F_03_what_an_earlier_call_left_half_done_is_gone_on_with(meet: Meet) -> None:
    _, desk = await meet(DOCUMENT, NONE, NONE, MADE, Answered(0, silent=True))
    lost = await desk.call("thing.make")
    assert isinstance(lost, Later)
    assert lost.uncertain
    other, desk = await meet(DOCUMENT, NONE, DRAFT, CONFIRMED, WHOLE)
    assert await desk.call("thing.make") == Done(output={"number": "S-1"})
    assert [one.method for one in other.asked] == ["GET", "GET", "POST", "GET"], "no second draft"


async def test_what_came_of_a_part_is_looked_at_before_the_next(meet: Meet) -> None:
    other, desk = await meet(DOCUMENT, NONE, NONE, said({"id": None}))
    answered = await desk.call("thing.make")
    assert isinstance(answered, Failed)
    assert "It made nothing" in answered.error.detail
    assert len(other.asked) == 3, "nothing was confirmed"


def test_only_what_is_looked_for_first_takes_several_writes() -> None:
    for effect, words in (("once-or-ask", "each repetition looks first"), ("read", "writes nothing before")):
        part = {**MAKE, "effect": effect}
        document = reading.read(json.dumps(manifest(operations={"thing.make": part}))).document
        assert words in " ".join(one.detail for one in checks.mistakes(document))
