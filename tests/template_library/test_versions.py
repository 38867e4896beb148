from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_library import versions
from template_library.versions import MalformedVersion, Version

IN_ORDER = [
    "0.9.10",
    "1.0.0-1",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.9.0",
    "1.10.0",
    "2.0.0",
]


def test_versions_are_ordered_by_precedence() -> None:
    """Semantic Versioning 2.0.0, section 11, its own examples among them."""
    read = [versions.parse(text) for text in IN_ORDER]
    assert sorted(set(read)) == read
    assert [str(one) for one in read] == IN_ORDER


def test_build_metadata_counts_for_nothing() -> None:
    first, second = versions.parse("1.0.0+a"), versions.parse("1.0.0+b")
    assert first == second
    assert hash(first) == hash(second)
    assert str(first) == "1.0.0+a"
    assert first != "1.0.0+a"


@pytest.mark.parametrize(
    "text", ["1.0", "v1.0.0", "01.0.0", "1.0.0-01", "1.0.0-", "1.0.0+", " 1.0.0", "1.0.0\n", "\u0661.0.0"]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(MalformedVersion):
        versions.parse(text)


def test_an_endless_version_is_refused() -> None:
    with pytest.raises(MalformedVersion):
        versions.parse("1.0." + "1" * 64)


@given(st.tuples(*[st.integers(0, 10**6)] * 3), st.tuples(*[st.integers(0, 10**6)] * 3))
def test_numbers_are_compared_as_numbers(first: tuple[int, int, int], second: tuple[int, int, int]) -> None:
    assert (Version(*first) < Version(*second)) == (first < second)
    assert versions.parse(str(Version(*first))) == Version(*first)
