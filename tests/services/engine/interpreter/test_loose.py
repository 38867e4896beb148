from __future__ import annotations

from typing import Any

import pytest

from services.engine.expressions.protocol import ExpressionFailed
from services.engine.faults import Fault
from services.engine.rendering import render
from template_library.dsl.model import Expression, MapTemplate


class Evaluator:
    """Knows `.n`; everything else fails as `kind`."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    async def evaluate(self, programs: Any, value: Any, variables: Any, *, lane: str = "") -> list[Any]:
        del variables, lane
        for index, program in enumerate(programs):
            if program != ".n":
                raise ExpressionFailed(self._kind, "no", index)
        return [value["n"] for _ in programs]


TEMPLATE = MapTemplate(
    (("a", Expression(".n", "/a", text=".n")), ("b", Expression("plain text", "/b", text="plain text")))
)


async def test_loose_mode_takes_what_is_no_expression_as_text() -> None:
    assert await render(TEMPLATE, {"n": 1}, {}, Evaluator("expression_failed"), "t") == {"a": 1, "b": "plain text"}


async def test_S_23_loose_mode_does_not_hide_a_program_that_was_stopped() -> None:
    with pytest.raises(Fault) as raised:
        await render(TEMPLATE, {"n": 1}, {}, Evaluator("expression_timeout"), "t")
    assert raised.value.error.title == "expression_timeout"
    assert raised.value.error.detail.startswith("/b: ")
