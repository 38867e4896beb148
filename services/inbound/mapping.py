"""What becomes of a request whose sender is proven: its id, and the CloudEvent that it is, as the endpoint declares."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from infra import clock
from infra.header_names import is_usable
from infra.strict_json import MalformedJson, decode
from services.events import cloud_event
from services.events.cloud_event import CloudEvent
from services.inbound.errors import MalformedWebhook, WebhookNotMapped
from services.inbound.verification import Headers, Verification, one
from template_library.dsl.scalars import number

MOST_BYTES: Final = 1_048_576
MOST_ID: Final = 256
_MOST_TEXT: Final = 512
_POINTER: Final = re.compile(r"(/([^~/\x00-\x1f\x7f]|~[01])*)+")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")
_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")
_STANDARD_ID: Final = "webhook-id"
_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "webhook-signature"})


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Where something of the event comes from: exactly one of the members."""

    value: Annotated[str, Meta(max_length=_MOST_TEXT, description="Always this; of `type` alone.")] = ""
    header: Annotated[str, Meta(max_length=100, description="A header.", examples=["X-Shopify-Topic"])] = ""
    pointer: Annotated[
        str, Meta(max_length=256, description="A JSON pointer (RFC 6901) into the body.", examples=["/order/number"])
    ] = ""


class EventOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Which event a request is. Its data are the body."""

    type: Origin
    types: Annotated[
        dict[str, Annotated[str, Meta(min_length=1, max_length=_MOST_TEXT)]],
        Meta(
            max_length=200,
            description="Types by what the sender calls them; others are ignored. Empty: all, as they are.",
        ),
    ] = {}
    id: Annotated[
        Origin | None,
        Meta(description="By which a repetition is known. Null: by the body. Standard Webhooks have their own."),
    ] = None
    subject: Annotated[Origin | None, Meta(description="The business key of its runs. Null: none.")] = None


def faults(event: EventOf, verification: Verification) -> Iterator[tuple[str, str]]:
    """What does not go together: the pointer of a member, and what is wrong with it."""
    for name, origin in (("type", event.type), ("id", event.id), ("subject", event.subject)):
        if origin is not None:
            yield from ((f"/{name}{at}", said) for at, said in _faults_of(origin, verification))
        if origin is not None and origin.value and name != "type":
            yield f"/{name}/value", "would be the same for every event"
    if event.id is not None and verification.style == "standard-webhooks":
        yield "/id", f"is the header {_STANDARD_ID} of Standard Webhooks"
    for theirs, ours in event.types.items():
        if not (_TEXT.fullmatch(ours) and _TEXT.fullmatch(theirs) and len(theirs) <= _MOST_TEXT):
            yield "/types", f"has 1 to {_MOST_TEXT} characters on either side, and no control character"
            return


def _faults_of(origin: Origin, verification: Verification) -> Iterator[tuple[str, str]]:
    if len([part for part in (origin.value, origin.header, origin.pointer) if part]) != 1:
        yield "", "has exactly one of value, header and pointer"
    if origin.value and not _TEXT.fullmatch(origin.value):
        yield "/value", "holds a control character"
    # What is sent there is a secret, or proves one; it is never kept.
    if origin.header and (not is_usable(origin.header) or origin.header.lower() in _never(verification)):
        yield "/header", "names no header that may be read"
    if origin.pointer and not _POINTER.fullmatch(origin.pointer):
        yield "/pointer", "is no JSON pointer to a part of the body, such as /order/number"


def _never(verification: Verification) -> frozenset[str]:
    return _SECRET_HEADERS | {verification.header.lower()}


def weaknesses(event: EventOf, verification: Verification) -> list[str]:
    """A header that is not signed names the request: whoever has seen one can send it again under another id."""
    is_loose = verification.style != "standard-webhooks" and event.id is not None and bool(event.id.header)
    return ["id-not-signed"] if is_loose else []


class Delivery:
    """A request as it came: its headers and its raw body."""

    def __init__(self, headers: Headers, body: bytes) -> None:
        self.headers = headers
        self.body = body

    @cached_property
    def digest(self) -> bytes:
        return hashlib.sha256(self.body).digest()

    @cached_property
    def value(self) -> Any:
        """The one JSON text of the body.

        Raises:
            MalformedWebhook: it is none, or holds a name twice (S-30).
        """
        try:
            return decode(self.body, fraction=number)
        except MalformedJson as error:
            raise MalformedWebhook(str(error)) from None

    def text_of(self, origin: Origin, pointer: str, most: int = _MOST_TEXT) -> str:
        """What stands at `origin`.

        Raises:
            WebhookNotMapped: nothing, or no text and no whole number; `pointer` is the declaration's.
        """
        found: Any = origin.value
        if origin.header:
            given = one(self.headers, origin.header)
            found = None if given is None else given.decode("latin-1")
        elif origin.pointer:
            found = _at(self.value, origin.pointer)
        if isinstance(found, int) and not isinstance(found, bool):
            found = str(found)
        where = f"the header {origin.header}" if origin.header else origin.pointer
        if not isinstance(found, str) or not found:
            raise _unmapped(pointer, f"{where} holds no text and no whole number")
        if len(found) > most or not _TEXT.fullmatch(found):
            raise _unmapped(pointer, f"{where} has more than {most} characters, or a control character")
        return found


def sent_id(event: EventOf, verification: Verification, delivery: Delivery) -> str:
    """By which the request is known at its endpoint.

    Raises:
        WebhookNotMapped, MalformedWebhook: nothing is where it should be.
    """
    origin = Origin(header=_STANDARD_ID) if verification.style == "standard-webhooks" else event.id
    return own_id(delivery) if origin is None else delivery.text_of(origin, "/id", MOST_ID)


def own_id(delivery: Delivery) -> str:
    """The id of a request whose sender gives none: what it is."""
    return f"sha256-{delivery.digest.hex()}"


def event_of(event: EventOf, source: str, event_id: str, delivery: Delivery) -> CloudEvent | None:
    """The event; None: of a type that the endpoint does not ask for.

    Its digest is that of the raw body: the same id with other bytes is another webhook.

    Raises:
        MalformedWebhook: the body is not one JSON text.
        WebhookNotMapped: what the event is read from is not there.
    """
    data = delivery.value
    kind: str | None = delivery.text_of(event.type, "/type")
    if event.types:
        kind = event.types.get(kind or "")
    if kind is None:
        return None
    subject = None if event.subject is None else delivery.text_of(event.subject, "/subject")
    attributes: dict[str, Any] = {"specversion": "1.0", "id": event_id, "source": source, "type": kind}
    attributes |= {"time": clock.now().isoformat(), "datacontenttype": "application/json"}
    attributes |= {} if subject is None else {"subject": subject}
    errors = cloud_event.faults(attributes, data)
    if errors:
        raise WebhookNotMapped("; ".join(f"{one['pointer'][1:]} {one['detail']}" for one in errors), errors=errors)
    return CloudEvent(
        id=event_id,
        source=source,
        type=kind,
        subject=subject,
        attributes=attributes,
        data=data,
        digest=delivery.digest,
    )


def kept_headers(event: EventOf, verification: Verification, headers: Headers) -> list[tuple[str, str]]:
    """Those that the request is read by, and none that proves anything: it is mapped by them again, if need be."""
    read = {one.header.lower() for one in (event.type, event.id, event.subject) if one is not None}
    read |= {"content-type", _STANDARD_ID, "webhook-timestamp", verification.timestamp_header.lower()} - {""}
    read -= _never(verification)
    shown = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    return [pair for pair in shown if pair[0] in read]


def _at(value: Any, pointer: str) -> Any:
    """What a JSON pointer leads to; None where it leads nowhere."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and _INDEX.fullmatch(name) and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def _unmapped(pointer: str, detail: str) -> WebhookNotMapped:
    return WebhookNotMapped(detail[:1].upper() + detail[1:], errors=[{"pointer": pointer, "detail": detail}])
