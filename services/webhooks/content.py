"""The body of a message: the event in the JSON format of CloudEvents, with what Standard Webhooks has beside. Pure.

Every try of a message has the same bytes.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from infra import ids
from services.engine.lifecycle import PREFIX

_PLACE: Final = re.compile(r"-(\d{1,10})(?:\.\d+)?")
_PAIRS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def body(message: UUID, content: str, created_at: datetime) -> bytes:
    """`content` is the stored event. Numbers keep their digits.

    `timestamp` is when it occurred, and `sequence` orders the messages of one subject as texts; an event that has its
    own of either keeps it.
    """
    members = _PAIRS.decode(content)
    moment = created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    members.setdefault("timestamp", members.get("time", _text(moment)))
    members.setdefault("sequence", _text(_sequence(message, members)))
    return msgspec.json.encode(members)


def _sequence(message: UUID, members: dict[str, msgspec.Raw]) -> str:
    """Of a run's events the number of their line in its journal, else the message's id, whose order is that of time."""
    kind, name = (_read(members.get(one)) for one in ("type", "id"))
    place = _PLACE.search(name, name.rfind("-")) if kind.startswith(PREFIX) else None
    return f"{int(place[1]):010d}" if place else ids.show("msg", message)


def _read(raw: msgspec.Raw | None) -> str:
    return "" if raw is None else str(msgspec.json.decode(raw))


def _text(value: str) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
