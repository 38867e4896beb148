"""A filter is understood whole, or refused: it never widens a list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.scim import filters
from services.api.scim.errors import InvalidFilter

KNOWN = dict.fromkeys(("username", "externalid", 'emails[type eq "work"].value', "active"))


@pytest.mark.parametrize(
    ("asked", "terms"),
    [
        (None, []),
        ('userName eq "maria"', [("username", "maria")]),
        ('  userName   EQ  "a \\" b"  ', [("username", 'a " b')]),
        ('emails[type eq "work"].value eq "x"', [('emails[type eq "work"].value', "x")]),
        (f'{filters.USER}:userName eq "\\u00e9"', [("username", "é")]),
        ('userName eq "a and b" AND active eq true', [("username", "a and b"), ("active", True)]),
    ],
)
def test_what_is_understood(asked: str | None, terms: list[filters.Term]) -> None:
    assert filters.read(asked, KNOWN) == terms


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "userName",
        "userName eq maria",
        "userName pr",
        'userName co "maria"',
        'userName eq "a',
        'not (userName eq "maria")',
        '(userName eq "maria")',
        'userName eq "a" or userName eq "b"',
        'userName eq "a" and',
        'userName eq "a" userName eq "b"',
        'title eq "boss"',
        'userName eq "a\\u0000"',
        'userName eq "\\ud800"',
        'userName eq "\\x"',
        " and ".join(['userName eq "a"'] * 9),
        f'userName eq "{"a" * 1024}"',
    ],
)
def test_anything_else_is_refused(asked: str) -> None:
    with pytest.raises(InvalidFilter):
        filters.read(asked, KNOWN)


@given(st.text(alphabet='userNam eq"\\[]().and tru5 \u00e9\n', max_size=60))
def test_no_text_breaks_it(asked: str) -> None:
    try:
        found = filters.read(asked, KNOWN)
    except InvalidFilter:
        return
    assert found
    assert all(name in KNOWN for name, _ in found)
