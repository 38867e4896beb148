"""Writes of declared connectors stand being repeated as their manifest says (F-03)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.connectors.sdk.manifest import Care
from services.connectors.simulators.http import Answered, Asked
from services.engine.functions import Done, Failed, Later, Unknown
from tests.services.connectors.declared.conftest import Meet
from tests.services.connectors.declared.other import declared, manifest, operation, path_of, query_of, said

MODES = {"enum": ["keyed", "check-then-write", "once-or-ask"], "default": "keyed", "title": "Repeated"}
LOST = Answered(0, silent=True)


def _write(effect: Any, *, looks: bool = True, **parts: Any) -> dict[str, Any]:
    request = {
        "method": "POST",
        "path": "orders",
        "headers": {"Key": "${ $key }"},
        "body": {"reference": '${ "\\(.reference) #\\($key[:4])" }', "fresh": "${ $fresh }"},
    }
    found = {
        "request": {"path": "orders", "query": {"reference": '${ "\\(.reference) #\\($key[:4])" }'}},
        "found": "${ .orders }",
        "absent": 404,
    }
    looked = {"read_back": found} if looks else {}
    part = operation(effect=effect, request=request, answer={"number": "${ .number }"}, **looked, **parts)
    settings = {"properties": {"repeated": MODES, "known": {"title": "Known for", "type": "string"}}}
    return manifest(operations={"order.create": part}, settings=settings)


class Books:
    """Makes an order of each request that it gets, and loses the first `lost` answers."""

    def __init__(self, lost: int = 0) -> None:
        self.lost = lost
        self.made: list[dict[str, Any]] = []

    def __call__(self, asked: Asked) -> Answered:
        if asked.method == "GET":
            wanted = query_of(asked)["reference"][0]
            found = [one for one in self.made if one["reference"] == wanted]
            return said({"orders": [{"number": one["number"]} for one in found]})
        self.made.append({**json.loads(asked.body), "number": f"SO-{len(self.made) + 1}"})
        if self.lost:
            self.lost -= 1
            return LOST
        return said({"number": self.made[-1]["number"]}, 201)


ORDER = {"reference": "PO-1"}


async def test_F_03_a_keyed_write_sends_its_key_and_is_the_same_each_time(meet: Meet) -> None:
    other, desk = await meet(_write("keyed"), LOST, said({"number": "SO-1"}))
    lost = await desk.call("order.create", ORDER)
    assert isinstance(lost, Later)
    assert await desk.call("order.create", ORDER) == Done(output={"number": "SO-1"})
    first, second = other.asked
    assert (first.headers["key"], first.body) == (second.headers["key"], second.body) != ("", b"")
    assert json.loads(first.body) == {"reference": "PO-1 #key-", "fresh": ""}


async def test_F_03_check_then_write_looks_first_and_finds_what_was_lost(meet: Meet) -> None:
    books = Books(lost=1)
    _, desk = await meet(_write("check-then-write"), books)
    assert isinstance(await desk.call("order.create", ORDER), Later)
    assert await desk.call("order.create", ORDER) == Done(output={"number": "SO-1"})
    assert len(books.made) == 1
    books.made.append(books.made[0])
    several = await desk.call("order.create", ORDER)
    assert isinstance(several, Unknown)
    assert "It has 2 of them" in several.error.detail


async def test_F_03_once_or_ask_is_looked_for_where_that_can_be_done_and_asked_about_elsewhere(meet: Meet) -> None:
    books = Books(lost=2)
    _, desk = await meet(_write("once-or-ask"), books)
    lost = await desk.call("order.create", ORDER)
    assert isinstance(lost, Later)
    assert lost.uncertain
    assert await desk.settle("order.create", ORDER) == Done(output={"number": "SO-1"})
    _, desk = await meet(_write("once-or-ask", looks=False), Books(lost=1))
    unknown = await desk.call("order.create", ORDER)
    assert isinstance(unknown, Unknown), "nobody else can tell"


async def test_F_03_what_is_absent_by_its_status_is_absent(meet: Meet) -> None:
    other, desk = await meet(_write("check-then-write"), said({}, 404), said({"number": "SO-1"}, 201))
    assert await desk.call("order.create", ORDER) == Done(output={"number": "SO-1"})
    assert [one.method for one in other.asked] == ["GET", "POST"]


async def test_F_03_a_look_with_an_answer_of_another_form_is_a_persons_question(meet: Meet) -> None:
    other, desk = await meet(_write("check-then-write"), said({"orders": {"a": 1}}))
    answer = await desk.call("order.create", ORDER)
    assert isinstance(answer, Unknown)
    assert [path_of(one) for one in other.asked] == ["/api/orders"], "nothing is written that could not be looked for"


async def test_F_03_an_answer_of_another_form_to_a_write_is_never_a_reason_to_write_again(meet: Meet) -> None:
    output = {"type": "object", "properties": {"number": {"type": "string"}}}
    for effect, kind in (("once-or-ask", Unknown), ("check-then-write", Unknown), ("keyed", Failed)):
        document = _write(effect, output=output)
        _, desk = (
            await meet(document, said({"orders": []}), said({"number": 7}))
            if effect == "check-then-write"
            else (await meet(document, said({"number": 7})))
        )
        assert isinstance(await desk.call("order.create", ORDER), kind), effect


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, Care("keyed")),
        ({"known": "PT1H"}, Care("keyed", 3_600_000)),
        ({"repeated": "once-or-ask", "known": "PT1H"}, Care("once-or-ask")),
        ({"repeated": "check-then-write"}, Care("check-then-write")),
    ],
)
def test_F_03_a_connection_may_say_how_its_side_stands_repetition(settings: dict[str, Any], expected: Care) -> None:
    effect = {"mode": {"setting": "repeated", "default": "keyed"}, "key_valid_for": {"setting": "known"}}
    connector = declared(_write(effect))
    assert connector.care("order.create", ORDER, settings) == expected
    assert connector.manifest.operations[0].mode == "by-call"


async def test_F_03_only_a_write_without_a_key_is_new_each_time(meet: Meet) -> None:
    effect = {"mode": {"setting": "repeated", "default": "keyed"}}
    for mode, is_fresh in (("keyed", False), ("once-or-ask", True)):
        other, desk = await meet(_write(effect), said({"number": "SO-1"}), repeated=mode)
        await desk.call("order.create", ORDER)
        await desk.call("order.create", ORDER)
        fresh = [json.loads(one.body)["fresh"] for one in other.asked]
        assert (len(set(fresh)) == 2, all(fresh)) == (is_fresh, is_fresh)
