"""Events from a file, one CloudEvent in its JSON form on a line, for a run that listens."""

from __future__ import annotations

from typing import Any

from services.engine import values
from services.events import cloud_event
from services.events.errors import InvalidEvent, MalformedEvent


class BadEvent(Exception):
    """A line is no CloudEvent. `line` counts from 1."""

    def __init__(self, line: int, detail: str) -> None:
        super().__init__(detail)
        self.line = line
        self.detail = detail


def read(text: str) -> list[dict[str, Any]]:
    """The events in their order; empty lines are none. `specversion` may be left out.

    Raises:
        BadEvent: of the first line that is no event.
    """
    # Not `splitlines`: JSON's strings may hold other characters that end a line.
    return [_event(line, number) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def _event(line: str, number: int) -> dict[str, Any]:
    try:
        value = values.decode(line)
        if isinstance(value, dict):
            value.setdefault("specversion", "1.0")
        event = cloud_event.read({"content-type": cloud_event.STRUCTURED}, values.encode(value))
    except (values.ValueRefused, InvalidEvent, MalformedEvent) as error:
        raise BadEvent(number, str(error)) from None
    return {**event.attributes, "data": event.data}
