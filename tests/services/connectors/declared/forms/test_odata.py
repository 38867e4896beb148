"""Operations over OData 4: literals that stay literals, pages by `@odata.nextLink`, ETags, and the error object."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.connectors.declared.forms.odata import literal
from services.engine.functions import Done, Failed
from tests.services.connectors.declared.conftest import Meet
from tests.services.connectors.declared.forms.central import COMPANY, Central
from tests.services.connectors.declared.other import manifest, operation, path_of, query_of, said

NAMES = ["Acme", "O'Neil & Sons", "Example Parts", "Acme", "Acme", "Acme", "Acme"]
SET = "v2.0/companies(guid:${ $settings.company })/customers"
LIST = {
    "path": SET,
    "select": ["number", "displayName"],
    "filter": "displayName eq ${ .name } and balance ge ${ .from }",
}
PAGES = {"kind": "url", "items": "${ .value }", "next": '${ ."@odata.nextLink" }'}
ONE = {"path": f"{SET}(${{ .number }})"}
CHANGE = {
    "method": "PATCH",
    "odata": ONE,
    "headers": {"If-Match": "${ .etag }", "Prefer": "return=representation"},
    "body": {"displayName": "${ .name }"},
}
DOCUMENT = manifest(
    settings={"properties": {"company": {"title": "Company", "type": "string"}}},
    errors=[{"code": "Internal_Locked", "class": "retry"}, {"code": "Internal_Blocked", "class": "refuse"}],
    operations={
        "customers.list": operation(request={"odata": LIST}, pages=PAGES, answer="${ [.[].number] }"),
        "customers.read": operation(
            request={"odata": ONE},
            answer={"name": "${ .displayName }", "etag": '${ .["@odata.etag"] }'},
            instead=[{"status": 404, "code": "Internal_EntityNotFound", "answer": {"name": None, "etag": None}}],
        ),
        "customers.rename": operation(effect="once-or-ask", request=CHANGE, answer="${ .displayName }"),
    },
)


async def test_all_pages_of_a_filter_are_read_by_the_links_between_them(meet: Meet) -> None:
    other, desk = await meet(DOCUMENT, Central(NAMES), company=COMPANY.upper())
    answer = await desk.call("customers.list", {"name": "Acme", "from": 1})
    assert answer == Done(output=["C3", "C4", "C5", "C6"])
    assert [list(query_of(one)) for one in other.asked] == [
        ["$filter", "$select"],
        ["$filter", "$select", "$skiptoken"],
    ]
    assert path_of(other.last) == f"/api/v2.0/companies({COMPANY})/customers"


async def test_a_term_of_a_list_without_its_value_is_left_out(meet: Meet) -> None:
    terms = ["displayName eq ${ .name }", "balance ge ${ .from }"]
    listed = operation(request={"odata": {**LIST, "filter": terms}}, pages=PAGES, answer="${ [.[].number] }")
    other, desk = await meet({**DOCUMENT, "operations": {"customers.list": listed}}, Central(NAMES), company=COMPANY)
    assert await desk.call("customers.list", {"name": "Acme", "from": 4}) == Done(output=["C4", "C5", "C6"])
    assert query_of(other.asked[0])["$filter"] == ["displayName eq 'Acme' and balance ge 4"]
    assert await desk.call("customers.list", {"from": 6}) == Done(output=["C6"])
    assert len(query_of(other.last)["$filter"]) == 1
    await desk.call("customers.list")
    assert "$filter" not in query_of(other.last)


@pytest.mark.parametrize("name", ["O'Neil & Sons", "' or balance ge 0 and displayName eq '", "a?b#c%27", "$top=1"])
async def test_S_39_a_value_stays_one_literal_of_a_filter_and_of_a_key(meet: Meet, name: str) -> None:
    other, desk = await meet(DOCUMENT, Central(NAMES), company=COMPANY)
    answer = await desk.call("customers.list", {"name": name, "from": 0})
    assert answer == Done(output=["C1"] if name == NAMES[1] else [])
    assert list(query_of(other.last)) == ["$filter", "$select"]
    assert await desk.call("customers.read", {"number": name}) == Done(output={"name": None, "etag": None})


async def test_a_write_goes_by_the_tag_that_was_read_and_not_over_a_change(meet: Meet) -> None:
    central = Central(NAMES)
    _, desk = await meet(DOCUMENT, central, company=COMPANY)
    read = await desk.call("customers.read", {"number": "C0"})
    assert read == Done(output={"name": "Acme", "etag": 'W/"1"'})
    given = {"number": "C0", "name": "Acme Wholesale", "etag": 'W/"1"'}
    assert await desk.call("customers.rename", given) == Done(output="Acme Wholesale")
    refused = await desk.call("customers.rename", given)
    assert isinstance(refused, Failed)
    assert refused.error.status == 412
    assert "Another user has changed the record" in refused.error.detail
    assert "nothing was written" in refused.error.detail


async def test_the_error_object_is_told_in_its_words(meet: Meet) -> None:
    part = operation(request={"odata": {"path": SET, "filter": "displayName eq"}})
    _, desk = await meet({**DOCUMENT, "operations": {"thing.read": part}}, Central(NAMES), company=COMPANY)
    refused = await desk.call()
    assert isinstance(refused, Failed)
    assert refused.error.detail.startswith("It answered with status 400: Syntax error in displayName eq")
    stream = said({"value": [{"number": "C0"}], "error": {"code": "Internal", "message": "it broke off"}})
    _, desk = await meet(DOCUMENT, stream, company=COMPANY)
    broken = await desk.call("customers.read", {"number": "C0"})
    assert isinstance(broken, Failed)
    assert "it broke off" in broken.error.detail


@pytest.mark.parametrize("link", ["http://elsewhere.example/api/v2.0/customers", "/other", "x:", ["a"]])
async def test_S_59_a_next_page_elsewhere_is_not_asked_for(meet: Meet, link: Any) -> None:
    other, desk = await meet(DOCUMENT, said({"value": [], "@odata.nextLink": link}), company=COMPANY)
    answer = await desk.call("customers.list", {"name": "Acme", "from": 1})
    assert isinstance(answer, Failed)
    assert len(other.asked) == 1


async def test_what_is_no_literal_of_its_type_does_not_go_out(meet: Meet) -> None:
    other, desk = await meet(DOCUMENT, Central(NAMES), company="Acme)/x(")
    answer = await desk.call("customers.read", {"number": "C0"})
    assert isinstance(answer, Failed)
    assert "/operations/customers.read/request/odata/path" in answer.error.detail
    assert other.asked == []


@pytest.mark.parametrize(
    ("value", "kind", "written"),
    [
        (1, "", "1"),
        (1.5, "", "1.5"),
        (True, "", "true"),
        (None, "", "null"),
        (["a", "b'"], "", "('a','b''')"),
        ("12.50", "number", "12.50"),
        ("1E+3", "number", "1000"),
        ("2026-11-22", "date", "2026-11-22"),
        ("2026-11-22'10:00:00Z", "datetime", "2026-11-22T10:00:00Z"),
        (COMPANY.upper(), "guid", str(UUID(COMPANY))),
    ],
)
def test_literals_are_written_as_odata_writes_them(value: Any, kind: str, written: str) -> None:
    assert literal(value, kind) == written


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({}, ""),
        ("1 or 1", "number"),
        ("NaN", "number"),
        ("x", "guid"),
        (None, "guid"),
        ("2026-13-01", "date"),
        ("2026-11-22T10:00:00", "datetime"),
        ("2026-11-22 or 1", "datetime"),
    ],
)
def test_what_is_none_is_refused(value: Any, kind: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (each has words of its own)
        literal(value, kind)
