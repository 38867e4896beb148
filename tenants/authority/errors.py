from __future__ import annotations

from typing import Any, Self

from infra.problems import Conflict, Invalid, NotFound


class NoAuthority(Conflict):
    """Nobody may decide this: no row of the matrix in force covers it. Add one, or state the facts that it asks for.

    Never a permission for anybody: what is not covered stays undecided.
    """

    name = "nobody-decides"
    title = "Nobody has the authority to decide this"


class NoMatrix(NoAuthority):
    """No matrix of authority is in force. Put one."""

    title = "No matrix of authority is in force"


class BadFact(Invalid):
    """A fact that the matrix asks for is missing or cannot be read. Whoever asks for the decision states it."""

    name = "bad-fact"
    title = "A fact for the decision is missing or wrong"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail, errors=[{"pointer": pointer, "detail": detail}])


class InvalidMatrix(Invalid):
    """Rows that are no matrix. `errors` names each: two rows that cover one case have an `example` of it."""

    @classmethod
    def of(cls, errors: list[dict[str, Any]]) -> Self:
        return cls(errors[0]["detail"], errors=errors)


class UnknownVersion(NotFound):
    """The matrix has no such version."""
