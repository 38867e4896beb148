"""The two ways in which a connector says no, and the error types of the workflow language that they become."""

from __future__ import annotations

from typing import Any, Literal

from services.engine.functions import Line

ErrorName = Literal[
    "authentication",
    "authorization",
    "communication",
    "configuration",
    "expression",
    "runtime",
    "timeout",
    "validation",
]


class Refusal(Exception):
    """The other side, or a check of ours, said no for good. Repeating the call will not help.

    Attributes:
        name: the standard error's name.
        status: HTTP status code that tells its kind.
        detail: for a person. No secret, and of a response body at most an excerpt from `redaction`.
    """

    def __init__(self, detail: str, *, name: ErrorName = "communication", status: int = 422, title: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.name: ErrorName = name
        self.status = status
        self.title = title or "The other system refused"


class Misread(Exception):
    """The other side answered, in a form that the connector does not know. What was asked for may have been done.

    Attributes:
        detail: for a person: what is not as it was, and where. No secret.
        answer: what was answered, JSON, for who looks into it.
        heard: the other side's own words, without secrets. They are payload: why a run waits is read without that
            permission, and says `detail` alone.
    """

    def __init__(self, detail: str, answer: Any = None, heard: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.answer = answer
        self.heard = heard


class Away(Exception):
    """The other side is away or busy, or its answer was lost. The same call may be made again with the same key.

    Attributes:
        reason: what is waited for, in an operator's words.
        seconds: floor for the delay, when the other side named one.
        sent: False when it is certain that nothing reached the other side.
        parked: the connection is known to be away, and its end puts the run in line again.
        line: it is not away: the call waits for one of its slots, or for its rate.
    """

    def __init__(  # noqa: PLR0913 (the parts of one answer)
        self,
        reason: str,
        *,
        seconds: float | None = None,
        sent: bool = True,
        name: ErrorName = "communication",
        parked: bool = False,
        line: Line = "",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds
        self.sent = sent
        self.name: ErrorName = name
        self.parked = parked
        self.line: Line = line
