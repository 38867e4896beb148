"""How a protocol's call fails: the language's standard errors, in words that say what to do and hold no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

import msgspec

from infra import egress
from services.engine.faults import standard
from services.engine.functions import ErrorDetails

BROKEN_ANSWER: Final = 502
_STATUS: Final = {"resolve": 503, "connect": 503, "timeout": 504}
_VALUE: Final = re.compile(r" '.*'(?= - at |$)", re.DOTALL)
_OF_STATUS: Final = {401: "authentication", 403: "authorization"}


class Refusal(Exception):
    """The call did not succeed and repeating it will not help.

    Attributes:
        error: becomes the task's error.
        sent: False only where no request went out.
    """

    def __init__(self, error: ErrorDetails, *, sent: bool = True) -> None:
        super().__init__(error.title)
        self.error = error
        self.sent = sent


def configuration(title: str, detail: str, *, sent: bool = False) -> Refusal:
    """The document, its arguments or what they lead to is wrong; somebody has to correct it."""
    return Refusal(standard("configuration", title, detail), sent=sent)


def runtime(title: str, detail: str, *, status: int | None = None) -> Refusal:
    """The other side did the call and failed in it."""
    return Refusal(standard("runtime", title, detail, status=status))


def unreadable(detail: str) -> Refusal:
    """An answer came, and it is not what its protocol says."""
    return Refusal(standard("communication", "Unreadable answer", detail, status=BROKEN_ANSWER))


def timeout(detail: str) -> Refusal:
    return Refusal(standard("timeout", "The call took too long", detail))


def unauthenticated(detail: str, *, sent: bool = True) -> Refusal:
    return Refusal(standard("authentication", "Authentication failed", detail), sent=sent)


def elsewhere() -> Refusal:
    """A secret would leave for another place than the one that its connection names; nothing was sent."""
    detail = (
        "a secret of the call belongs to another origin: the base URL of its connection; bind another, or call that"
    )
    return Refusal(standard("authorization", "The secret may not be sent there", detail), sent=False)


def of_status(status: int, detail: str) -> Refusal:
    """An answer outside success: `authentication` for 401, `authorization` for 403, else `communication`."""
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Unknown status"
    return Refusal(standard(_OF_STATUS.get(status, "communication"), title, detail, status=status))


def mismatch(error: msgspec.ValidationError) -> str:
    """What is wrong with which member; never its value, which may be a secret."""
    return _VALUE.sub("", str(error))


@contextmanager
def leaving() -> Iterator[None]:
    """Raises Refusal for what egress raises inside."""
    try:
        yield
    except egress.Refused as error:
        raise configuration(error.title, error.detail) from error
    except egress.Failed as error:
        status = _STATUS.get(error.kind, BROKEN_ANSWER)
        broken = standard("communication", "The service gave no usable answer", str(error), status=status)
        raise Refusal(broken, sent=error.sent) from error
