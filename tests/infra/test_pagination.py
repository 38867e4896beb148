from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.pagination import LIFETIME_SECONDS, BadCursor, Cursors, NoCursorKey, Page, cut

CURSORS = Cursors(bytes(32))


@given(st.text(min_size=1, max_size=50).filter(lambda text: text.isprintable()), st.lists(st.text(max_size=20)))
def test_a_cursor_gives_its_position_back_under_its_own_binding(position: str, binding: list[str]) -> None:
    cursor = CURSORS.issue(position, *binding)
    assert CURSORS.read(cursor, *binding) == position
    for other in ([*binding, ""], [*binding, "x"], ["x", *binding]):
        with pytest.raises(BadCursor):
            CURSORS.read(cursor, *other)
    with pytest.raises(BadCursor):
        Cursors(bytes([1]) * 32).read(cursor, *binding)


def test_bindings_that_join_to_the_same_text_differ() -> None:
    with pytest.raises(BadCursor):
        CURSORS.read(CURSORS.issue("1", "ab", "c"), "a", "bc")


@given(st.text(max_size=200))
def test_S_96_no_text_is_a_cursor(given_text: str) -> None:
    with pytest.raises(BadCursor):
        CURSORS.read(given_text, "x")


def test_S_96_a_cursor_ends_after_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = CURSORS.issue("1")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + LIFETIME_SECONDS + 2)
    with pytest.raises(BadCursor, match="24 hours"):
        CURSORS.read(cursor)


def test_the_key_is_derived_from_the_installations_file(tmp_path: Path) -> None:
    file = tmp_path / "kek"
    with pytest.raises(NoCursorKey, match="kek"):
        Cursors.of_file(file)
    file.write_bytes(b"short")
    with pytest.raises(NoCursorKey, match="fewer"):
        Cursors.of_file(file)
    file.write_bytes(bytes(range(32)))
    one, other = Cursors.of_file(file), Cursors.of_file(file)
    assert other.read(one.issue("7", "list"), "list") == "7"
    with pytest.raises(BadCursor):
        Cursors(bytes(range(32))).read(one.issue("7"))


def test_a_page_knows_by_one_row_too_many_that_more_follows() -> None:
    assert cut([1, 2, 3], Page(2), str) == ([1, 2], "2")
    assert cut([1, 2], Page(2), str) == ([1, 2], None)
    assert cut([], Page(2), str) == ([], None)
