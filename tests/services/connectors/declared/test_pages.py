"""Answers in pages: every kind ends, none runs on, and what is too long is told."""

from __future__ import annotations

from typing import Any

import pytest

from services.connectors.simulators.http import Answered, Asked
from services.engine.functions import Done, Failed
from tests.services.connectors.declared.conftest import Meet
from tests.services.connectors.declared.other import manifest, operation, query_of, said

COUNT = 7
SIZE = 3


def _numbers(begin: int) -> list[int]:
    return list(range(begin, min(begin + SIZE, COUNT)))


def _by_cursor(asked: Asked) -> Answered:
    begin = int(query_of(asked).get("after", ["0"])[0])
    more = begin + SIZE < COUNT
    return said({"rows": _numbers(begin), "next": str(begin + SIZE) if more else None})


def _by_page(asked: Asked) -> Answered:
    assert query_of(asked)["size"] == ["3"]
    return said({"rows": _numbers((int(query_of(asked)["page"][0]) - 1) * SIZE)})


def _by_offset(asked: Asked) -> Answered:
    return said({"rows": _numbers(int(query_of(asked)["skip"][0]))})


def _by_link(asked: Asked) -> Answered:
    begin = int(query_of(asked).get("from", ["0"])[0])
    host = asked.headers["host"]
    link = f'<http://{host}/api/things>; rel="first", <http://{host}/api/things?from={begin + SIZE}&x=%20y>; rel="next"'
    return said({"rows": _numbers(begin)}, **({"Link": link} if begin + SIZE < COUNT else {}))


KINDS: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "cursor": (_by_cursor, {"after": "${ $page }"}, {"next": "${ .next }"}),
    "page": (_by_page, {"page": "${ $page }", "size": 3}, {"size": 3}),
    "offset": (_by_offset, {"skip": "${ $page }"}, {}),
    "link": (_by_link, {}, {}),
}


def _document(kind: str, **more: Any) -> dict[str, Any]:
    _, query, part = KINDS[kind]
    request = {"path": "things", "query": query}
    pages = {"kind": kind, "items": "${ .rows }", **part, **more}
    return manifest(operations={"thing.read": operation(request=request, pages=pages, answer={"all": "${ . }"})})


@pytest.mark.parametrize("kind", KINDS)
async def test_all_items_of_all_pages_are_answered(meet: Meet, kind: str) -> None:
    other, desk = await meet(_document(kind), KINDS[kind][0])
    assert await desk.call() == Done(output={"all": list(range(COUNT))})
    # Where nothing says which page is the last one, an empty one does.
    assert len(other.asked) == (4 if kind == "offset" else 3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bound", [{"most": 2}, {"most_items": 5}])
async def test_what_is_longer_than_the_bound_is_refused_or_cut(meet: Meet, kind: str, bound: dict[str, int]) -> None:
    other, desk = await meet(_document(kind, **bound), KINDS[kind][0])
    refused = await desk.call()
    assert isinstance(refused, Failed)
    assert "ask for less" in refused.error.detail
    assert len(other.asked) == 2
    _, desk = await meet(_document(kind, beyond="cut", **bound), KINDS[kind][0])
    assert await desk.call() == Done(output={"all": list(range(bound.get("most_items", 6)))})


async def test_an_answer_that_was_cut_knows_where_the_next_one_begins(meet: Meet) -> None:
    answer = {"rows": "${ . }", "at": "${ $beyond }"}
    document = _document("cursor", most=2, beyond="cut")
    document["operations"]["thing.read"]["answer"] = answer
    _, desk = await meet(document, _by_cursor)
    assert await desk.call() == Done(output={"rows": list(range(6)), "at": "6"})
    document["operations"]["thing.read"]["pages"]["most"] = 3
    _, desk = await meet(document, _by_cursor)
    assert await desk.call() == Done(output={"rows": list(range(COUNT)), "at": None})


async def test_a_cursor_that_stands_still_ends(meet: Meet) -> None:
    other, desk = await meet(_document("cursor"), said({"rows": [1], "next": "x"}))
    answer = await desk.call()
    assert isinstance(answer, Failed)
    assert "the one that it has just given" in answer.error.detail
    assert len(other.asked) == 2


@pytest.mark.parametrize("link", ["https://elsewhere.example/api/things", "/other/things", "//elsewhere.example/api"])
async def test_S_59_a_next_page_elsewhere_is_not_asked_for(meet: Meet, link: str) -> None:
    other, desk = await meet(_document("link"), said({"rows": [1]}, Link=f'<{link}>; rel="next"'))
    answer = await desk.call()
    assert isinstance(answer, Failed)
    assert "base_url" in answer.error.detail
    assert len(other.asked) == 1


async def test_pages_without_a_list_are_no_pages(meet: Meet) -> None:
    _, desk = await meet(_document("cursor"), said({"rows": {"a": 1}}))
    answer = await desk.call()
    assert isinstance(answer, Failed)
    assert "no list of items" in answer.error.detail
