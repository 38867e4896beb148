"""Packets of MQTT 3.1.1 and 5 as bytes: those that a client sends, and those that it may get."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from infra.egress import Failed, Wire

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK = 8, 9
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14
FIVE: Final = 5
_MOST: Final = 1024 * 1024
_LONGEST_TEXT: Final = 0xFFFF
_USER_PROPERTY, _CONTENT_TYPE, _MAXIMUM_SIZE = 0x26, 0x03, 0x27
# MQTT 5, 2.2.2.2: how long each property is; 0 stands for a length of its own, -1 for two texts, -2 for a varint.
_SIZES: Final = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), 2),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
    **dict.fromkeys((0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F), 0),
    0x26: -1,
    0x0B: -2,
}


class Packet(msgspec.Struct, frozen=True):
    kind: int
    flags: int
    content: bytes


class Published(msgspec.Struct, frozen=True):
    """A message that came. `number` is set where an acknowledgement is owed."""

    topic: str
    quality: int
    number: int | None
    headers: dict[str, Any]
    content_type: str | None
    body: bytes


def connect(version: int, client: str, password: tuple[str, str] | None, seconds: int) -> bytes:
    flags = 0x02 | (0xC0 if password is not None else 0)
    head = text("MQTT") + bytes([version, flags]) + seconds.to_bytes(2)
    if version == FIVE:
        properties = bytes([_MAXIMUM_SIZE]) + _MOST.to_bytes(4)
        head += _varint(len(properties)) + properties
    return _packet(CONNECT, 0, head + text(client) + b"".join(map(text, password or ())))


def publish(  # noqa: PLR0913 (the parts of a packet)
    version: int, topic: str, body: bytes, *, quality: int, retain: bool, number: int, properties: bytes = b""
) -> bytes:
    head = text(topic) + (number.to_bytes(2) if quality else b"")
    if version == FIVE:
        head += _varint(len(properties)) + properties
    return _packet(PUBLISH, quality << 1 | retain, head + body)


def properties(headers: dict[str, str], content_type: str) -> bytes:
    """Of a message of MQTT 5."""
    pairs = (bytes([_USER_PROPERTY]) + text(name) + text(value) for name, value in headers.items())
    return bytes([_CONTENT_TYPE]) + text(content_type) + b"".join(pairs)


def subscribe(version: int, topic: str, quality: int, number: int) -> bytes:
    none = b"\0" if version == FIVE else b""
    return _packet(SUBSCRIBE, 2, number.to_bytes(2) + none + text(topic) + bytes([quality]))


def acknowledge(kind: int, number: int) -> bytes:
    return _packet(kind, 2 if kind == PUBREL else 0, number.to_bytes(2))


def bare(kind: int) -> bytes:
    return _packet(kind, 0, b"")


def text(value: str) -> bytes:
    """A length and UTF-8. Raises ValueError beyond 65,535 bytes."""
    found = value.encode()
    if len(found) > _LONGEST_TEXT or "\0" in value:
        raise ValueError("a text of MQTT has at most 65,535 bytes and no U+0000")
    return len(found).to_bytes(2) + found


async def read(wire: Wire) -> Packet:
    """The next packet. Raises Failed: `cut`, `too-large` or `malformed`."""
    try:
        first = (await wire.reader.readexactly(1))[0]
        length = shift = 0
        while True:
            byte = (await wire.reader.readexactly(1))[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
            if shift > 21:  # noqa: PLR2004 (MQTT, 1.5.5: four bytes)
                raise Failed("malformed", "the answer is none of MQTT's", sent=True)
        if length > _MOST:
            raise Failed("too-large", f"a packet has {length} bytes", sent=True)
        return Packet(first >> 4, first & 0x0F, await wire.reader.readexactly(length))
    except (EOFError, OSError) as error:
        raise Failed("cut", "the connection ended", sent=True) from error


def published(packet: Packet, version: int) -> Published:
    """Raises Failed, `malformed`."""
    try:
        content, quality = packet.content, packet.flags >> 1 & 3
        size = int.from_bytes(content[:2])
        topic, position = content[2 : 2 + size].decode(), 2 + size
        number = None
        if quality:
            number, position = int.from_bytes(content[position : position + 2]), position + 2
        headers: dict[str, Any] = {}
        kind = None
        if version == FIVE:
            length, position = _read_varint(content, position)
            headers, kind = _read_properties(content[position : position + length])
            position += length
        return Published(topic, quality, number, headers, kind, content[position:])
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise Failed("malformed", "a message is none of MQTT's", sent=True) from error


def _read_properties(content: bytes) -> tuple[dict[str, Any], str | None]:
    """User properties, and the content type."""
    headers: dict[str, Any] = {}
    kind, position = None, 0
    while position < len(content):
        name, position = content[position], position + 1
        size = _SIZES[name]
        if size > 0:
            position += size
            continue
        if size == -2:  # noqa: PLR2004 (see `_SIZES`)
            _, position = _read_varint(content, position)
            continue
        found, position = _read_text(content, position)
        if size == -1:
            value, position = _read_text(content, position)
            headers[found.decode()] = value.decode()
        elif name == _CONTENT_TYPE:
            kind = found.decode()
    return headers, kind


def _read_text(content: bytes, position: int) -> tuple[bytes, int]:
    start = position + 2
    end = start + int.from_bytes(content[position:start])
    if end > len(content):
        raise IndexError
    return content[start:end], end


def _read_varint(content: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[position]
        value, shift, position = value | (byte & 0x7F) << shift, shift + 7, position + 1
        if not byte & 0x80:
            return value, position


def _packet(kind: int, flags: int, content: bytes) -> bytes:
    return bytes([kind << 4 | flags]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        found.append(low | (0x80 if value else 0))
        if not value:
            return bytes(found)
