"""What one request does not tell is asked for by further ones."""

from __future__ import annotations

import json
from typing import Any

from services.connectors.declared import checks, reading
from services.engine.functions import Done, Failed
from tests.services.connectors.declared.conftest import Meet
from tests.services.connectors.declared.other import manifest, operation, path_of, said

READ: dict[str, Any] = {
    "request": {"path": "orders/${ .id }"},
    "also": {"lines": {"path": "orders/${ .id }/lines"}},
    "answer": {"number": "${ .number }", "lines": "${ $also.lines }"},
    "instead": [{"status": 404, "answer": None}],
}


async def test_an_answer_is_made_of_several(meet: Meet) -> None:
    document = manifest(operations={"thing.read": operation(**READ)})
    other, desk = await meet(document, said({"number": "7"}), said([1, 2]))
    assert await desk.call(values={"id": "a"}) == Done(output={"number": "7", "lines": [1, 2]})
    assert [path_of(one) for one in other.asked] == ["/api/orders/a", "/api/orders/a/lines"]


async def test_nothing_more_is_asked_where_there_is_nothing(meet: Meet) -> None:
    document = manifest(operations={"thing.read": operation(**READ)})
    other, desk = await meet(document, said({}, 404))
    assert await desk.call(values={"id": "a"}) == Done(output=None)
    assert len(other.asked) == 1
    _, desk = await meet(document, said({"number": "7"}), said({"message": "no"}, 403))
    assert isinstance(await desk.call(values={"id": "a"}), Failed)


async def test_a_look_for_what_was_done_sees_more_than_one_request_tells(meet: Meet) -> None:
    looked = {
        "request": {"path": "things"},
        "also": {"held": {"path": "held", "query": {"ids": "${ $found.ids }"}}},
        "found": "${ $also.held }",
    }
    part = operation(effect="check-then-write", request={"method": "POST", "path": "things"}, read_back=looked)
    other, desk = await meet(manifest(operations={"thing.make": part}), said({"ids": [1, 2]}), said([{"id": 2}]))
    assert await desk.call("thing.make") == Done(output={"id": 2})
    assert [one.target for one in other.asked] == ["/api/things", "/api/held?ids=1&ids=2"]


def test_only_what_reads_or_is_looked_for_asks_for_more() -> None:
    write = operation(effect="once-or-ask", also=READ["also"], request={"method": "POST", "path": "things"})
    document = reading.read(json.dumps(manifest(operations={"thing.make": write}))).document
    assert "where it is looked for first" in " ".join(one.detail for one in checks.mistakes(document))
