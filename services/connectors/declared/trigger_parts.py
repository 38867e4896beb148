"""What a manifest says of triggers, in the form that its JSON Schema holds them to: what of a system becomes events."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from services.inbound.mapping import EventOf
from services.inbound.verification import Verification


class EventPart(msgspec.Struct, frozen=True):
    """The event that an item is. But for `type`, a program on the item each; empty: it has none."""

    type: str
    id: str
    data: Any
    version: str = ""
    subject: str = ""
    time: str = ""


class PollPart(msgspec.Struct, frozen=True, tag_field="kind", tag="poll"):
    """An operation that reads is called again and again; what is new in its output becomes events."""

    title: str
    operation: str
    event: EventPart
    items: str
    input: dict[str, Any] = {}
    cursor: str = ""
    every: str = "PT1M"


class FilesPart(msgspec.Struct, frozen=True, tag_field="kind", tag="file"):
    """Files that the system leaves in a folder: each is read once, and what it holds becomes events.

    Attributes:
        name: a pattern such as `CONF-*.txt`.
        layout: the name of one, or a program that gives one.
        items: a program on a file; empty: its rows.
        complete: `still`: a file is whole when it is the same in two looks; `renamed`: as soon as it has its name.
        done: a folder that files are moved to behind the commit of their events; empty: they are remembered.
    """

    title: str
    folder: str
    name: str
    layout: Any
    event: EventPart
    items: str = ""
    complete: Literal["still", "renamed"] = "still"
    done: str = ""
    every: str = "PT1M"


class WebhookPart(msgspec.Struct, frozen=True, tag_field="kind", tag="webhook"):
    """The system sends; `verification` and `event` are those of an inbound endpoint."""

    title: str
    verification: Verification
    event: EventOf
    media_types: tuple[str, ...] = ("application/json",)


TriggerPart = PollPart | FilesPart | WebhookPart
