from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.engine import values
from services.engine.expressions import trivial
from services.engine.expressions.pool import ExpressionPool
from services.engine.expressions.protocol import ExpressionFailed, ExpressionsUnavailable

_MOST_RESULTS: Final = 1


class Expressions:
    """The evaluator of the product: trivial programs in process, the rest by the pool in one round trip."""

    def __init__(self, pool: ExpressionPool) -> None:
        self._pool = pool

    async def evaluate(
        self, programs: Sequence[str], value: Any, variables: Mapping[str, Any], *, lane: str = ""
    ) -> list[Any]:
        """See `Evaluator.evaluate`."""
        results = [trivial.evaluate(program, value, variables) for program in programs]
        rest = [index for index, result in enumerate(results) if result is trivial.NOT_TRIVIAL]
        if not rest:
            return results
        names = sorted(variables)
        text = values.encode({"i": value, "v": variables})
        try:
            answers = await self._pool.evaluate(lane, names, text, [programs[index] for index in rest])
        except ExpressionFailed as error:
            error.index = rest[error.index]
            raise
        for index, answer in zip(rest, answers, strict=True):
            results[index] = _only_result(answer, index)
        return results

    async def check(self, program: str, variables: Sequence[str]) -> str | None:
        """Why the program does not compile; None when it does."""
        if "$" not in program and trivial.is_trivial(program):
            return None
        return await self._pool.check("", sorted(variables), program)


class Nowhere:
    """The evaluator of who evaluates nothing."""

    async def evaluate(
        self, programs: Sequence[str], value: Any, variables: Mapping[str, Any], *, lane: str = ""
    ) -> list[Any]:
        """Raises ExpressionsUnavailable, always."""
        del programs, value, variables, lane
        raise ExpressionsUnavailable("no evaluator runs in this process")


NOWHERE: Final = Nowhere()


def _only_result(answer: bytes, index: int) -> Any:
    try:
        # The array around the results is ours and does not count.
        results = values.decode(answer, depth=values.DEPTH + 1)
    except values.ValueRefused as error:
        raise ExpressionFailed("expression_refused", f"the result cannot be used: {error}", index) from error
    if len(results) > _MOST_RESULTS:
        words = "the expression gives more than one result; put it in [ ] to make them an array"
        raise ExpressionFailed("expression_refused", words, index)
    return results[0] if results else None
