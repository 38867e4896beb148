"""What a run tells of a call that it went past while somebody was still to answer it (ADR 0097)."""

from __future__ import annotations

from typing import Final

import msgspec

from infra import ids
from services.engine.journal import Message

LEFT: Final = "left"
_OF_PEOPLE: Final = "human-task:"


class Left(msgspec.Struct, frozen=True):
    """The body of a message of topic `left`: the run's public id and the key of the call."""

    run: str
    key: str


def is_of_people(function: str) -> bool:
    """Whether somebody is to answer a call of it."""
    return function.startswith(_OF_PEOPLE)


def message(run: str, key: str) -> Message:
    return Message(ids.new(), LEFT, msgspec.json.encode(Left(run, key)).decode())
