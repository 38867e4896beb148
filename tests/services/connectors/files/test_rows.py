"""Files of rows: each is read by itself, what is wrong is told by line and without what it holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.connectors.files import layout, rows, writing
from services.connectors.files.layout import LayoutRefused
from services.connectors.files.rows import Unreadable
from services.connectors.files.writing import Unwritable

COLUMNS: list[dict[str, Any]] = [
    {"name": "order", "required": True, "start": 2, "width": 8},
    {"name": "item", "start": 10, "width": 6},
    {"name": "quantity", "kind": "decimal", "required": True, "places": 2, "start": 16, "width": 7},
    {"name": "on", "kind": "date", "format": "%Y%m%d", "start": 23, "width": 8},
]
CSV = layout.read({"format": "csv", "columns": [{**one, "places": None} for one in COLUMNS]})
JSON = layout.read({"format": "json-lines", "columns": [{**one, "places": None} for one in COLUMNS]})
FIXED = layout.read(
    {
        "format": "fixed-width",
        "columns": COLUMNS,
        "mark": "D",
        "zone": "America/Chicago",
        "encoding": "latin-1",
        "line_end": "crlf",
        "head": {
            "mark": "H",
            "columns": [{"name": "as_of", "kind": "time", "format": "%Y%m%d%H%M", "start": 2, "width": 12}],
        },
        "trailer": {"mark": "T", "columns": [{"name": "count", "kind": "integer", "start": 2, "width": 5}]},
    }
)
ROW = {"order": "PO-1", "item": "SKU-1", "quantity": "12.5", "on": "2026-03-02"}


def told(found: rows.Table) -> list[tuple[int, str]]:
    return [(one.line, one.why) for one in found.faults]


def test_a_bad_row_of_csv_keeps_no_good_one_back() -> None:
    text = (
        "item,order,note,quantity,on\r\n"
        'SKU-1,PO-1,"over\r\ntwo, lines",1.5,20260302\r\n'
        "SKU-1,PO-2,,many,20260302\r\n"
        'SKU-1,"PO-3,,1,20260302\r\n'
        "SKU-1,PO-4,,2,20260302\r\n"
        '"SKU-1,PO-5,,1,20260302\r\n'
        "SKU-1,PO-6,,2\r\n"
        "\r\n"
        "SKU-1,,,2,secret\r\n"
        "SKU-1,PO-7,,3,\r\n"
    )
    found = rows.read(b"\xef\xbb\xbf" + text.encode(), CSV)
    assert [(one.line, one.values["order"], one.values["quantity"]) for one in found.rows] == [
        (2, "PO-1", "1.5"),
        (6, "PO-4", "2"),
        (11, "PO-7", "3"),
    ]
    assert told(found) == [
        (4, "the column quantity is no decimal number"),
        (5, "a quote is not closed"),
        (7, "a quote is not closed"),
        (8, "it has 4 values in place of 5"),
        (10, "the column order is empty; the column on is no date of the form %Y%m%d"),
    ]


def test_a_line_in_another_encoding_is_one_bad_row() -> None:
    found = rows.read(b"order,item,quantity,on\nPO-1,caf\xe9,1,\nPO-2,caf\xc3\xa9,1,\n", CSV)
    assert [one.values["item"] for one in found.rows] == ["café"]
    assert told(found) == [(2, "it is not written in utf-8")]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"order,item,on\nPO-1,SKU-1,\n", "no column quantity"),
        (b"order,order,item,quantity,on\n", "order twice"),
    ],
)
def test_headings_that_changed_spoil_the_file_and_say_which(content: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        rows.read(content, CSV)


def test_json_lines_are_read_one_by_one() -> None:
    lines = [
        '{"order": "PO-1", "quantity": 1.50, "more": []}',
        "{",
        "[1]",
        '{"order": {}, "quantity": 1}',
        '{"order": "PO-2"}',
    ]
    found = rows.read("\n".join(lines).encode(), JSON)
    assert [one.values for one in found.rows] == [{"order": "PO-1", "item": None, "quantity": "1.5", "on": None}]
    assert [one.line for one in found.faults] == [2, 3, 4, 5]
    whole = layout.read({"format": "json-lines"})
    assert rows.read(b'{"a": [1]}\n', whole).rows[0].values == {"a": [1]}


def test_fixed_width_says_of_when_it_is_and_shows_its_own_faults() -> None:
    content = writing.write([ROW, {**ROW, "order": "PO-2"}], FIXED, {"as_of": "2026-03-02T14:00:00Z"})
    lines = content.decode("latin-1").split("\r\n")
    assert lines == ["H202603020800", "DPO-1    SKU-1 000125020260302", "DPO-2    SKU-1 000125020260302", "T00002", ""]
    found = rows.read(content, FIXED)
    assert (found.as_of, found.rows[0].values, told(found)) == (
        "2026-03-02T14:00:00Z",
        {**ROW, "quantity": "12.50"},
        [],
    )
    wrong = ["DPO-1    SKU-1 00012", "DPO-2    SKU-1 000125020260302X", "DPO-3    SKU-1  12,502026030", "T00003"]
    found = rows.read("\n".join([lines[0], *wrong]).encode(), FIXED)
    assert found.rows == []
    assert [why.partition(" ")[2][:20] for _, why in told(found)] == [
        "line ends inside of ",
        "has 31 characters in",
        "line ends inside of ",
    ]


@pytest.mark.parametrize(("cut", "why"), [(-1, "no trailer"), (1, "another line")])
def test_a_file_that_is_not_whole_is_not_read(cut: int, why: str) -> None:
    lines = writing.write([ROW, ROW], FIXED, {"as_of": "2026-03-02T14:00:00Z"}).decode().splitlines()
    with pytest.raises(Unreadable, match=why):
        rows.read("\n".join(lines[:cut] if cut < 0 else lines[cut:]).encode(), FIXED)
    with pytest.raises(Unreadable, match="counts 2 rows, and it has 1"):
        rows.read("\n".join([*lines[:2], lines[-1]]).encode(), FIXED)


def test_of_when_a_file_is_may_stand_in_its_name() -> None:
    stamped = layout.read(
        {"format": "json-lines", "stamp": {"start": 7, "width": 13, "format": "%Y%m%d-%H%M"}, "zone": "America/Chicago"}
    )
    assert rows.read(b"", stamped, "COUNT-20260302-0800.jsonl").as_of == "2026-03-02T14:00:00Z"
    assert rows.read(b"", stamped, "COUNT.jsonl").as_of is None


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"order": ""}, "row 1: the column order is empty"),
        ({"order": "PO-123456789"}, "row 1: the column order has room for 8 characters"),
        ({"order": "PO\n1"}, "row 1: the column order has a line's end"),
        ({"quantity": "1.234"}, "row 1: the column quantity has more than 2 digits"),
        ({"quantity": "1e3"}, "row 1: the column quantity is no decimal number"),
        ({"item": []}, "row 1: the column item is no text and no number"),
        ({"on": "tomorrow"}, "row 1: the column on is no date of RFC 3339"),
        ({"item": "“"}, "line 2: latin-1 has no such character"),
    ],
)
def test_what_does_not_fit_is_not_written(row: dict[str, Any], why: str) -> None:
    with pytest.raises(Unwritable) as refused:
        writing.write([{**ROW, **row}], FIXED, {"as_of": "2026-03-02T14:00:00Z"})
    assert refused.value.why.startswith(why)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"format": "xlsx"}, "Invalid enum value"),
        ({"format": "csv"}, "no columns"),
        ({"format": "csv", "columns": [{"name": "a"}, {"name": "a"}]}, "one name"),
        ({"format": "csv", "columns": [{"name": "a"}], "delimiter": '"'}, "delimiter"),
        ({"format": "csv", "columns": [{"name": "a"}], "zone": "Mars/Olympus"}, "no time zone"),
        ({"format": "csv", "columns": [{"name": "a"}], "mark": "D"}, "only a file of fixed width"),
        ({"format": "csv", "columns": [{"name": "a", "places": 2}]}, "no decimal"),
        ({"format": "csv", "columns": [{"name": "a", "format": "%Y"}]}, "has a format"),
        ({"format": "fixed-width", "columns": [{"name": "a"}]}, "needs its start"),
        (
            {
                "format": "fixed-width",
                "columns": [{"name": "a", "start": 1, "width": 3}, {"name": "b", "start": 3, "width": 1}],
            },
            "overlap",
        ),
        ({"format": "csv", "columns": [{"name": "a"}], "colums": []}, "unknown field"),
        ({"format": "fixed-width", "columns": [{"name": "a", "start": 1, "width": 10**9}]}, "behind 10000 characters"),
        ({"format": "csv", "columns": [{"name": f"a{one}"} for one in range(501)]}, "more than 500 columns"),
    ],
)
def test_a_layout_that_cannot_be_is_refused_with_its_reason(given: dict[str, Any], why: str) -> None:
    with pytest.raises(LayoutRefused, match=f"counts: .*{why}"):
        layout.read(given, "counts")


TEXTS = st.text(st.characters(exclude_categories=["C"], exclude_characters="\r\n"), max_size=8).map(str.strip)
NUMBERS = st.decimals(-(10**9), 10**9, places=3).map("{:f}".format).filter(lambda text: text != "-0.000")
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "order": TEXTS.filter(bool),
            "item": TEXTS.map(lambda text: text or None),
            "quantity": NUMBERS,
            "on": st.none() | st.dates().filter(lambda day: day.year > 999).map(str),
        }
    ),
    max_size=5,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_what_is_written_is_read_again(given: list[dict[str, Any]]) -> None:
    for one in (CSV, JSON):
        found = rows.read(writing.write(given, one), one)
        assert told(found) == []
        assert [row.values for row in found.rows] == given


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(content: bytes) -> None:
    for one in (CSV, JSON, FIXED, layout.read({"format": "csv", "columns": COLUMNS[:1], "headings": False})):
        try:
            found = rows.read(content, one)
        except Unreadable:
            continue
        assert len(found.rows) + len(found.faults) <= content.count(b"\n") + 2
