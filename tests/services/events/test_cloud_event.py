from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.engine import values
from services.events.cloud_event import read
from services.events.errors import InvalidEvent, MalformedEvent

STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "a-1",
    "source": "/shop",
    "type": "order.captured",
    "subject": "PO-1",
    "time": "2026-01-31T09:30:00Z",
    "datacontenttype": "application/json",
    "channel": "web",
    "data": {"total": 10},
}


def structured(**changes: Any) -> bytes:
    return msgspec.json.encode({name: value for name, value in (EVENT | changes).items() if value is not ...})


def test_both_modes_of_an_event_are_the_same_event() -> None:
    headers = {f"ce-{name}": value for name, value in EVENT.items() if name not in ("data", "datacontenttype")}
    binary = read(headers | {"content-type": "application/json"}, b'{"total":10}')
    assert binary == read(STRUCTURED, structured())


@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=utf-8", None])
def test_the_digest_is_the_same_in_both_modes_however_json_is_said(media_type: str | None) -> None:
    """A1: the same event in the other mode is a repetition and no `event-id-reused`."""
    said = ... if media_type is None else media_type
    one = read(STRUCTURED, structured(datacontenttype=said, rush=True, priority=3))
    names = ("specversion", "id", "source", "type", "subject", "time", "channel")
    headers = {f"ce-{name}": EVENT[name] for name in names if name in EVENT} | {"ce-rush": "true", "ce-priority": "3"}
    other = read(headers | ({"content-type": media_type} if media_type else {}), b'{"total":10}')
    assert one.digest == other.digest


def test_header_values_are_percent_decoded() -> None:
    """CloudEvents HTTP binding 1.0.2, 3.1.3.2."""
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-subject": "Stra%C3%9Fe"}
    assert read(headers, b"").subject == "Straße"


def test_an_extension_may_be_boolean_or_integer() -> None:
    assert read(STRUCTURED, structured(rush=True, priority=3)).attributes["priority"] == 3


def test_data_may_be_absent_and_any_json() -> None:
    assert read(STRUCTURED, structured(data=...)).data is None
    assert read(STRUCTURED, structured(data=[1, "x"])).data == [1, "x"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"specversion": "0.3"}, "/specversion"),
        ({"specversion": ...}, "/specversion"),
        ({"id": ...}, "/id"),
        ({"id": ""}, "/id"),
        ({"id": "x" * 513}, "/id"),
        ({"id": 7}, "/id"),
        ({"source": None}, "/source"),
        ({"type": "a\nb"}, "/type"),
        ({"time": "yesterday"}, "/time"),
        ({"time": "2026-01-31T09:30:00"}, "/time"),
        ({"datacontenttype": "text/xml"}, "/datacontenttype"),
        ({"Channel": "web"}, "/Channel"),
        ({"rush": {"very": True}}, "/rush"),
    ],
)
def test_a_broken_attribute_is_named(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        read(STRUCTURED, structured(**changes))
    assert [error["pointer"] for error in caught.value.extensions["errors"]] == [pointer]


def test_every_broken_attribute_is_named_at_once() -> None:
    with pytest.raises(InvalidEvent) as caught:
        read(STRUCTURED, b'{"specversion":"1.0"}')
    assert [error["pointer"] for error in caught.value.extensions["errors"]] == ["/id", "/source", "/type"]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (STRUCTURED, b""),
        (STRUCTURED, b"[]"),
        (STRUCTURED, b"{"),
        (STRUCTURED, b'{"id":"1","id":"2"}'),
        ({"content-type": "application/json"}, b'{"id":"1"}'),
        ({}, b""),
        ({"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}, b"<order/>"),
    ],
)
def test_what_is_no_event_is_refused_with_what_to_do(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(MalformedEvent):
        read(headers, body)


def test_binary_data_is_refused() -> None:
    with pytest.raises(InvalidEvent, match="data_base64"):
        read(STRUCTURED, structured(data=..., data_base64="AAAA"))


def test_the_digest_knows_every_difference_and_no_order() -> None:
    first = read(STRUCTURED, structured())
    assert read(STRUCTURED, msgspec.json.encode(dict(reversed(EVENT.items())))).digest == first.digest
    for changes in ({"data": {"total": 11}}, {"subject": "PO-2"}, {"channel": "edi"}, {"time": ...}):
        assert read(STRUCTURED, structured(**changes)).digest != first.digest


def test_S_25_data_that_no_run_could_take_is_refused_at_the_door() -> None:
    def nested(depth: int) -> bytes:
        data: Any = None
        for _ in range(depth):
            data = {"a": data}
        return structured(data=data)

    read(STRUCTURED, nested(values.DEPTH))
    with pytest.raises(InvalidEvent, match="data is nested more than 64 deep"):
        read(STRUCTURED, nested(values.DEPTH + 1))
