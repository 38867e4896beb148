"""MQTT 3.1.1 against a real broker, MQTT 5 against a small one that reads strictly (S-50, S-56, S-57)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from amqtt.broker import Broker

from infra.egress import Wire
from infra.embedded.ports import choose
from services.engine.functions import Done, Failed
from services.protocols.asyncapi import packets

ANYBODY = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}


@pytest.fixture
async def broker() -> AsyncIterator[int]:
    """The port of a real broker."""
    port = choose(None)
    logging.getLogger("transitions").setLevel(logging.WARNING)
    running = Broker({"listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}, "plugins": ANYBODY})
    await running.start()
    yield port
    await running.shutdown()


async def _until(call: Any, again: Any) -> Any:
    """Does `again` over and over, until `call` answers: a subscription has no other sign of life."""
    waiting = asyncio.ensure_future(call)
    while not waiting.done():
        assert isinstance(await again(), Done)
        await asyncio.sleep(0.01)
    return await waiting


@pytest.mark.parametrize("quality", [0, 1, 2])
async def test_a_message_goes_through_a_broker_to_a_subscription(broker: int, speak: Any, quality: int) -> None:
    bindings = {"mqtt": {"qos": quality}}

    async def publish() -> Any:
        return await speak("mqtt", f"127.0.0.1:{broker}", message={"payload": {"id": 7, "x": "é"}}, bindings=bindings)

    call = speak("mqtt", f"127.0.0.1:{broker}", subscription={"amount": 2, "within": 20_000}, bindings=bindings)
    answer = await _until(call, publish)
    assert answer == Done(output=[{"payload": {"id": 7, "x": "é"}, "correlationId": "7"}] * 2)


async def test_a_time_that_passes_ends_a_subscription_with_what_came(broker: int, speak: Any) -> None:
    answer = await speak("mqtt", f"127.0.0.1:{broker}", subscription={"amount": 2, "within": 100})
    assert answer == Done(output=[])


async def test_headers_need_mqtt_5(broker: int, speak: Any, fault: Any) -> None:
    answer = await speak("mqtt", f"127.0.0.1:{broker}", message={"payload": {}, "headers": {"a": "b"}})
    assert fault(answer) == ("configuration", 400)


class Five:
    """As much of a broker of MQTT 5 as two clients need: checks what it reads, sends on to all who subscribed."""

    def __init__(self) -> None:
        self.subscribers: list[asyncio.StreamWriter] = []
        self.subscribed = asyncio.Event()
        self.connects: list[bytes] = []
        self.reason = 0
        self.published_reason = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(Exception):
            await self._talk(Wire(reader, writer))
        writer.close()

    async def _talk(self, wire: Wire) -> None:
        while True:
            packet = await packets.read(wire)
            match packet.kind:
                case packets.CONNECT:
                    assert packet.content.startswith(b"\0\4MQTT\5")
                    self.connects.append(packet.content)
                    wire.writer.write(bytes([0x20, 3, 0, self.reason, 0]))
                case packets.SUBSCRIBE:
                    self.subscribers.append(wire.writer)
                    self.subscribed.set()
                    wire.writer.write(b"\x90\4" + packet.content[:2] + b"\0\1")
                case packets.PUBLISH:
                    message = packets.published(packet, 5)
                    if message.number is not None:
                        wire.writer.write(b"\x40\4" + message.number.to_bytes(2) + bytes([self.published_reason, 0]))
                    for subscriber in self.subscribers:
                        properties = packets.properties(message.headers, message.content_type or "")
                        # Properties of every size stand before those that are read.
                        extra = b"\x01\x01\x02\0\0\0\x05\x23\0\1\x0b\xff\x7f\x08\0\1a\x09\0\2\0\1" + properties
                        sent = packets.publish(
                            5, message.topic, message.body, quality=0, retain=False, number=0, properties=extra
                        )
                        subscriber.write(sent)
                case packets.DISCONNECT:
                    return
                case _:
                    pass


@pytest.fixture
async def five() -> AsyncIterator[tuple[Five, str]]:
    running = Five()
    server = await asyncio.start_server(running.talk, "127.0.0.1", 0)
    yield running, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def test_mqtt_5_carries_headers_and_content_types(five: tuple[Five, str], speak: Any) -> None:
    broker, host = five
    call = asyncio.ensure_future(speak("mqtt5", host, subscription={"amount": 1, "within": 20_000}))
    await broker.subscribed.wait()
    message = {"payload": {"id": "a"}, "headers": {"foo": "bar", "n": 1}}
    assert await speak("mqtt", host, message=message, server_more={"protocolVersion": "5.0"}) == Done(output=None)
    found = {"payload": {"id": "a"}, "headers": {"foo": "bar", "n": "1"}, "correlationId": "a"}
    assert await call == Done(output=[found])


async def test_a_name_and_a_password_go_to_the_broker_and_into_no_error(
    five: tuple[Five, str], speak: Any, fault: Any
) -> None:
    broker, host = five
    policy = {"basic": {"username": "anna", "password": "canary-secret"}}
    await speak("mqtt5", host, message={"payload": {}}, authentication=policy)
    assert b"\0\4anna\0\x0dcanary-secret" in broker.connects[0]
    broker.reason = 0x86
    answer = await speak("mqtt5", host, message={"payload": {}}, authentication=policy)
    assert fault(answer) == ("authentication", 401)
    assert "canary" not in repr(answer)
    bearer = {"bearer": {"token": "abcdefgh"}}
    assert fault(await speak("mqtt5", host, message={"payload": {}}, authentication=bearer)) == ("configuration", 400)


async def test_a_refused_message_is_an_error(five: tuple[Five, str], speak: Any, fault: Any) -> None:
    five[0].published_reason = 0x87
    assert fault(await speak("mqtt5", five[1], message={"payload": {}})) == ("authorization", 403)


@pytest.mark.parametrize(
    "sent", [b"\x20\xff\xff\xff\xff", b"\x20\xff\xff\xff\x7f", b"HTTP/1.1 400", b"", b"\x20\2\0\0\x30\3\0\7x"]
)
async def test_S_57_what_is_no_broker_is_an_error_and_no_more(speak: Any, fault: Any, sent: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(sent)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    answer = await speak("mqtt", host, subscription={"amount": 1, "within": 5_000})
    server.close()
    assert fault(answer)[0] == "communication"


@pytest.mark.parametrize(
    ("host", "protocol"),
    [
        ("169.254.169.254", "mqtts"),
        ("10.0.0.1:8883", "mqtt"),
        ("example.com:1883", "mqtt"),
        ("example.com:22", "mqtts"),
        ("127.1", "mqtts"),
    ],
)
async def test_S_50_S_54_a_broker_inside_or_without_tls_is_refused(
    speak: Any, fault: Any, host: str, protocol: str
) -> None:
    answer = await speak(protocol, host, message={"payload": {}})
    assert fault(answer) == ("configuration", 400)
    assert isinstance(answer, Failed)
    assert not answer.sent
