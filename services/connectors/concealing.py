"""Answers of connectors without the secrets of their connection, before anything stores or shows them (S-72)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from infra import redaction
from infra.redaction import Hider
from services.connectors.sdk.context import OpenConnection
from services.engine.functions import Answer, Done, ErrorDetails, Later, Unknown


def concealed(answer: Answer, connection: OpenConnection) -> Answer:
    """`answer` with the secrets of `connection`, and what was made of them for its calls, masked by value."""
    hider = redaction.here(connection.hides())
    if not hider:
        return answer
    if isinstance(answer, Done):
        return replace(answer, output=hider.value(answer.output))
    error = msgspec.convert(_hidden(hider, msgspec.to_builtins(answer.error)), ErrorDetails)
    if isinstance(answer, Later):
        return replace(answer, reason=hider.text(answer.reason), error=error)
    if isinstance(answer, Unknown):
        return replace(answer, answer=hider.value(answer.answer), error=error)
    return replace(answer, error=error)


def _hidden(hider: Hider, error: dict[str, Any]) -> dict[str, Any]:
    """What is written for people; type and status are ours."""
    return {**error, **{name: hider.text(error[name]) for name in ("title", "detail") if name in error}}
