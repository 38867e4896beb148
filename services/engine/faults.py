"""The standard errors of the language (DSL reference, Standard Error Types) and the one exception that carries them."""

from __future__ import annotations

from typing import Final

from services.engine.functions import STANDARD_ERRORS, ErrorDetails

_STATUS: Final = {
    "configuration": 400,
    "validation": 400,
    "expression": 400,
    "authentication": 401,
    "authorization": 403,
    "timeout": 408,
    "communication": 500,
    "runtime": 500,
}


class Fault(Exception):
    """A task raised `error`. `instance` is filled in with the task's pointer when it is None.

    `is_final`: nothing catches it, or a run at a limit would go on for ever.
    """

    def __init__(self, error: ErrorDetails, *, is_final: bool = False) -> None:
        super().__init__(error.title)
        self.error = error
        self.is_final = is_final


def standard(
    name: str, title: str, detail: str, *, status: int | None = None, instance: str | None = None
) -> ErrorDetails:
    """A standard error; `status` is the language's default for `name` unless given."""
    return ErrorDetails(
        type=STANDARD_ERRORS + name, status=status or _STATUS[name], title=title, detail=detail, instance=instance
    )


def limit_exceeded(limit: str, *, instance: str | None = None) -> Fault:
    """A run passed a limit (S-34). `limit` names it and its size."""
    error = standard("runtime", "limit_exceeded", f"The run exceeds a limit: {limit}", instance=instance)
    return Fault(error, is_final=True)


def kind_of(error: ErrorDetails) -> str:
    """One of the standard errors by name; a document's own type is its author's text, and is `raised` here."""
    kind = error.type.removeprefix(STANDARD_ERRORS)
    return kind if kind in _STATUS else "raised"
