"""What must hold before a request goes out is looked at first, and nothing is written where it does not."""

from __future__ import annotations

from typing import Any

import pytest

from services.connectors.simulators.http import Answered
from services.engine.functions import Done, Failed, Later
from tests.services.connectors.declared.conftest import Meet
from tests.services.connectors.declared.other import manifest, operation, path_of, said


def _asking(holds: str = "${ any(.fields[]; . == $input.field) }") -> dict[str, Any]:
    part = operation(
        effect="once-or-ask",
        checks=[{"request": {"path": "queue/${ .queue }"}, "holds": holds, "otherwise": "Add the field"}],
        request={"method": "POST", "path": "things", "body": "${ . }"},
    )
    return manifest(operations={"thing.make": part})


VALUES = {"queue": "a", "field": "key"}


async def test_the_other_side_is_asked_before_it_is_written_to(meet: Meet) -> None:
    other, desk = await meet(_asking(), said({"fields": ["key"]}), said({"id": 1}))
    assert await desk.call("thing.make", VALUES) == Done(output={"id": 1})
    assert [(one.method, path_of(one)) for one in other.asked] == [("GET", "/api/queue/a"), ("POST", "/api/things")]


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (said({"fields": ["other"]}), 422, "Add the field"),
        (said({"message": "no"}, 403), 403, "right"),
    ],
)
async def test_nothing_is_written_where_it_does_not_hold(meet: Meet, answer: Answered, status: int, says: str) -> None:
    other, desk = await meet(_asking(), answer)
    answered = await desk.call("thing.make", VALUES)
    assert isinstance(answered, Failed)
    assert answered.error.status == status
    assert says in answered.error.detail
    assert [one.method for one in other.asked] == ["GET"]


@pytest.mark.parametrize("lost", [Answered(0, silent=True), said({}, 503), said({"fields": "for jq, which is away"})])
async def test_F_03_one_that_cannot_be_asked_now_has_done_nothing(meet: Meet, lost: Answered) -> None:
    other, desk = await meet(_asking(), lost)
    answered = await desk.call("thing.make", VALUES)
    assert isinstance(answered, Later), "nobody is asked about a write that never went out"
    assert not answered.uncertain
    assert {one.method for one in other.asked} == {"GET"}


async def test_a_check_reads_all_pages_and_those_of_the_operation_begin_anew(meet: Meet) -> None:
    pages = {"kind": "page", "items": "${ .rows }", "size": 2}
    asked = {"path": "fields", "query": {"page": "${ $page }"}}
    check = {"request": asked, "pages": pages, "holds": "${ length == 3 }", "otherwise": "Three", "keep": "fields"}
    part = operation(checks=[check], pages=pages, request={"path": "things", "query": asked["query"]})
    part["answer"] = {"fields": "${ $kept.fields }", "things": "${ . }"}
    answers = [said({"rows": rows}) for rows in ([1, 2], [3], [4])]
    other, desk = await meet(manifest(operations={"thing.read": part}), *answers)
    assert await desk.call() == Done(output={"fields": [1, 2, 3], "things": [4]})
    assert [one.target for one in other.asked] == ["/api/fields?page=1", "/api/fields?page=2", "/api/things?page=1"]


async def test_what_a_check_was_answered_is_kept_for_what_follows(meet: Meet) -> None:
    """The id behind a code, and the tag by which it is changed."""
    found = {
        "request": {"path": "customers", "query": {"code": "${ .code }"}},
        "otherwise": "There is no such customer",
    }
    sites = {
        "request": {"path": "sites/${ $kept.customer[0].id }"},
        "otherwise": "It has no site",
        "holds": "${ .site }",
    }
    part = operation(
        effect="once-or-ask",
        checks=[{**found, "holds": "${ length == 1 }", "keep": "customer"}, {**sites, "keep": "site"}],
        request={
            "method": "PATCH",
            "path": "customers/${ $kept.customer[0].id }",
            "headers": {"If-Match": "${ $kept.customer[0].tag }"},
            "body": {"site": "${ $kept.site.site }"},
        },
        answer={"id": "${ $kept.customer[0].id }"},
    )
    answers = said([{"id": 7, "tag": '"1"'}]), said({"site": "north"}), said({})
    other, desk = await meet(manifest(operations={"thing.write": part}), *answers)
    assert await desk.call("thing.write", {"code": "ACME"}) == Done(output={"id": 7})
    assert [path_of(one) for one in other.asked] == ["/api/customers", "/api/sites/7", "/api/customers/7"]
    assert (other.last.headers["if-match"], other.last.body) == ('"1"', b'{"site":"north"}')
    other, desk = await meet(manifest(operations={"thing.write": part}), said([]))
    refused = await desk.call("thing.write", {"code": "ACME"})
    assert isinstance(refused, Failed)
    assert (refused.error.detail, refused.sent, len(other.asked)) == ("There is no such customer", False, 1)
