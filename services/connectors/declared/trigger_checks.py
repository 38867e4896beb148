"""What the form of a manifest cannot say of its triggers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from services.connectors.declared import effects
from services.connectors.declared.document import Document, Ssh
from services.connectors.declared.files import checks as layouts
from services.connectors.declared.mistakes import Mistake, near
from services.connectors.declared.trigger_parts import FilesPart, PollPart, WebhookPart
from services.events.catalogue import registry
from services.inbound import mapping, verification
from template_library.dsl.durations import DurationError, milliseconds
from template_library.dsl.positions import step

LEAST_SECONDS: Final = 10
MOST_SECONDS: Final = 86_400
ROW: Final = "file.row.received"
"""A row of which nobody has said yet what it is: no event of the trade. A tenant's mapping makes records of it."""


def mistakes(document: Document) -> Iterator[Mistake]:
    for name, part in document.triggers.items():
        pointer = step("/triggers", name)
        if isinstance(part, PollPart):
            yield from _poll(document, part, pointer)
        elif isinstance(part, FilesPart):
            yield from _files(document, part, pointer)
        else:
            yield from _webhook(document, part, pointer)


def _poll(document: Document, part: PollPart, pointer: str) -> Iterator[Mistake]:
    operation = document.operations.get(part.operation)
    if operation is None:
        close = near(part.operation, document.operations)
        yield Mistake(f"{pointer}/operation", f"there is no operation `{part.operation}`{close}")
    elif effects.modes_of(document, operation.care) != {"read"}:
        yield Mistake(f"{pointer}/operation", "a trigger asks by an operation that reads")
    yield from _type(document, part.event.type, f"{pointer}/event/type")
    yield from _every(part.every, pointer)


def _files(document: Document, part: FilesPart, pointer: str) -> Iterator[Mistake]:
    if not isinstance(document.authentication, Ssh):
        yield Mistake(f"{pointer}/kind", "only a system that is reached over SSH leaves files: authentication ssh")
    yield from layouts.named(document, part.layout, f"{pointer}/layout")
    if part.event.type != ROW:
        yield from _type(document, part.event.type, f"{pointer}/event/type")
    yield from _every(part.every, pointer)


def _every(every: str, pointer: str) -> Iterator[Mistake]:
    try:
        seconds = milliseconds(every) / 1000
    except DurationError as error:
        yield Mistake(f"{pointer}/every", f"it is no duration such as PT1M: {error}")
        return
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        yield Mistake(f"{pointer}/every", f"it is {LEAST_SECONDS} seconds (PT{LEAST_SECONDS}S) to a day (PT24H)")


def _webhook(document: Document, part: WebhookPart, pointer: str) -> Iterator[Mistake]:
    for at, said in verification.faults(part.verification):
        yield Mistake(f"{pointer}/verification{at}", said)
    for at, said in mapping.faults(part.event, part.verification):
        yield Mistake(f"{pointer}/event{at}", said)
    if part.event.type.value:
        yield from _type(document, part.event.type.value, f"{pointer}/event/type/value")
    for theirs, ours in part.event.types.items():
        yield from _type(document, ours, step(f"{pointer}/event/types", theirs))


def _type(document: Document, kind: str, pointer: str) -> Iterator[Mistake]:
    """Of the catalogue, or the connector's own, which a workflow or a mapping makes more of (ADR 0088)."""
    if registry.find(kind) is None and not kind.startswith(f"{document.name}."):
        close = near(kind, registry.types()) or "."
        words = f"the catalogue has no event type `{kind}`{close} A type of the connector's own begins with"
        yield Mistake(pointer, f"{words} `{document.name}.`")
