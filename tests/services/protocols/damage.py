"""A strategy for documents that are almost right: one with some of its values replaced by others."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10),
    st.sampled_from(
        ["", "x", "{x}", "#/", "#/paths", "/a/../b", "http", "path", "https://example.com/{a}?b#c", "\0", "é"]
    ),
    st.just([]),
    st.just({}),
    st.just([{}]),
    st.just([None]),
    st.just({"$ref": "#/components"}),
    st.just({"$ref": "#/nowhere"}),
    st.just({"$ref": 7}),
    st.just({"type": []}),
)


@st.composite
def damaged(draw: Any, whole: dict[str, Any]) -> Any:
    """`whole` with up to four of its places holding something else."""
    document = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 4))):
        places = _places(document)
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        holder[key] = copy.deepcopy(draw(_VALUES))
    return document


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        pairs = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for key, member in pairs:
            found.append((one, key))
            waiting.append(member)
    return found
