from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class ExpressionFailed(Exception):
    """An expression gave no value; repeating it will not help.

    Attributes:
        kind: `expression_failed` (jq says why), `expression_timeout` (250 ms of processor, 2 s in all),
            `expression_crashed` (memory or stack), `expression_refused` (result too large, too deep, more than one).
        index: which of the programs that were asked for.
    """

    def __init__(self, kind: str, detail: str, index: int = 0) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.index = index


class ExpressionsUnavailable(Exception):
    """No evaluator could be started on this machine. The activation is abandoned and may be tried again elsewhere."""


class Evaluator(Protocol):
    async def evaluate(
        self, programs: Sequence[str], value: Any, variables: Mapping[str, Any], *, lane: str = ""
    ) -> list[Any]:
        """The result of each jq program on `value`, with `variables` as `$name`; null for a program without a result.

        `lane` shares capacity fairly, and keeps a lane of runaway programs from delaying the others: the tenant.

        Raises:
            ExpressionFailed: for the first program that failed.
            ExpressionsUnavailable: nothing was evaluated.
        """
        ...
