"""Every construct of the language, once right and once wrong."""

from __future__ import annotations

import msgspec
import pytest

from template_library.dsl import DocumentError, Violation, parse
from template_library.dsl.graph import graph
from tests.template_library.dsl.pairs import PAIRS, Pair

_NAMES = [pair.feature for pair in PAIRS]


def violations(text: str) -> list[Violation]:
    try:
        parse(text, whole=True)
    except DocumentError as error:
        return error.violations
    return []


@pytest.mark.parametrize("pair", PAIRS, ids=_NAMES)
def test_what_is_right_is_read(pair: Pair) -> None:
    workflow = parse(pair.right, whole=True)
    assert graph(workflow).nodes
    assert msgspec.json.encode(workflow)


@pytest.mark.parametrize("pair", PAIRS, ids=_NAMES)
def test_a_mistake_is_named_at_its_place(pair: Pair) -> None:
    found = violations(pair.wrong)
    assert [one for one in found if one.pointer == pair.pointer and pair.words in one.message], found
    assert all(one.line > 1 and one.column > 0 for one in found)
