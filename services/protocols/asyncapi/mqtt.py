"""Messages of MQTT 3.1.1 and 5, each call with a session of its own."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from infra.egress import Dial, Failed, Wire
from services.protocols import contents, errors
from services.protocols.asyncapi import packets
from services.protocols.asyncapi.link import Incoming, Link, Outgoing
from services.protocols.asyncapi.packets import Packet

_ALIVE: Final = 40
_PING: Final = 20.0
_ANSWER_SECONDS: Final = 10.0
_AT_LEAST_ONCE: Final = 1
_EXACTLY_ONCE: Final = 2
_ERROR: Final = 0x80
# CONNACK's reasons that are about who one is, of 3.1.1 and of 5.
_WHO: Final = frozenset({4, 5, 0x86, 0x87, 0x8C})


class Mqtt:
    """Fills Transport. Publishes with quality 1 unless a binding says otherwise: the broker is known to have it."""

    async def publish(self, link: Link, message: Outgoing) -> None:
        target, version = link.target, link.target.version
        if message.headers and version < packets.FIVE:
            raise errors.configuration("Unusable message", "MQTT 3.1.1 has no headers; use mqtt5, or the payload")
        quality = _AT_LEAST_ONCE if target.quality not in {0, 1, 2} else int(target.quality or 0)
        headers = {name: contents.text(value) for name, value in message.headers.items()}
        try:
            packet = packets.publish(
                version,
                target.address,
                message.body,
                quality=quality,
                retain=target.retain,
                number=1,
                properties=packets.properties(headers, message.content_type) if version == packets.FIVE else b"",
            )
        except ValueError as error:
            raise errors.configuration("Unusable message", str(error)) from error
        async with _connected(link, "publish") as session:
            await session.send(packet)
            if quality == _AT_LEAST_ONCE:
                session.check(await session.answer(packets.PUBACK))
            elif quality == _EXACTLY_ONCE:
                session.check(await session.answer(packets.PUBREC))
                await session.send(packets.acknowledge(packets.PUBREL, 1))
                session.check(await session.answer(packets.PUBCOMP))
            await session.send(packets.bare(packets.DISCONNECT))

    async def subscribe(self, link: Link) -> AsyncIterator[Incoming | None]:
        version = link.target.version
        quality = min(_AT_LEAST_ONCE if link.target.quality is None else int(link.target.quality), _AT_LEAST_ONCE)
        async with _connected(link, "subscribe") as session:
            await session.send(packets.subscribe(version, link.target.address, quality, 1))
            answer = await session.answer(packets.SUBACK)
            if answer.content[-1:] >= bytes([_ERROR]):
                raise errors.of_status(403, "the broker refuses the subscription")
            yield None
            while (packet := await session.next()) is not None:
                if packet.kind != packets.PUBLISH:
                    continue
                message = packets.published(packet, version)
                yield Incoming(message.body, message.headers, message.content_type)
                if message.number is not None:
                    await session.send(packets.acknowledge(packets.PUBACK, message.number))


class _Session:
    def __init__(self, wire: Wire, version: int) -> None:
        self._wire = wire
        self._version = version
        self._early: list[Packet] = []

    async def send(self, packet: bytes) -> None:
        try:
            self._wire.writer.write(packet)
            await self._wire.writer.drain()
        except OSError as error:
            raise Failed("cut", "the connection ended", sent=True) from error

    async def answer(self, kind: int) -> Packet:
        """The packet of `kind`; messages that come before it are kept. Raises Failed."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                while (packet := await packets.read(self._wire)).kind != kind:
                    if packet.kind != packets.PUBLISH or len(self._early) > 100:  # noqa: PLR2004
                        raise Failed("malformed", "the broker answered something else", sent=True)
                    self._early.append(packet)
        except TimeoutError as error:
            raise Failed("timeout", "the broker gave no answer", sent=True) from error
        return packet

    async def next(self) -> Packet | None:
        """The next packet, however long it takes; None when the broker says goodbye."""
        if self._early:
            return self._early.pop(0)
        reading = asyncio.ensure_future(packets.read(self._wire))
        try:
            silent = 0
            while not (await asyncio.wait([reading], timeout=_PING))[0]:
                silent += 1
                if silent > 2:  # noqa: PLR2004
                    raise Failed("cut", "the broker is silent", sent=True)
                await self.send(packets.bare(packets.PINGREQ))
            packet = reading.result()
            return None if packet.kind == packets.DISCONNECT else packet
        finally:
            reading.cancel()

    def check(self, packet: Packet) -> None:
        """MQTT 5 says in an acknowledgement when it took nothing."""
        reason = packet.content[2] if self._version == packets.FIVE and len(packet.content) > 2 else 0  # noqa: PLR2004
        if reason >= _ERROR:
            status = 403 if reason == 0x87 else 502  # noqa: PLR2004 (MQTT 5, 2.4: not authorized)
            raise errors.of_status(status, f"the broker refused the message with reason {reason:#04x}")


@asynccontextmanager
async def _connected(link: Link, way: str) -> AsyncIterator[_Session]:
    target = link.target
    dial = Dial(
        protocol="mqtt", host=target.host, port=target.port, tls=target.tls, destination=link.exchange.destination
    )
    password = link.identity.password()
    # A repetition of the call takes the place of the one before, should that still be connected.
    client = hashlib.sha256(f"{way}{link.key}{target.address}".encode()).hexdigest()[:23]
    async with link.exchange.client.dial(link.tenant, dial) as wire:
        session = _Session(wire, target.version)
        await session.send(packets.connect(target.version, client, password, _ALIVE))
        answer = await session.answer(packets.CONNACK)
        reason = answer.content[1] if len(answer.content) > 1 else _ERROR
        if reason in _WHO:
            raise errors.unauthenticated("the broker wants another user name and password (`basic`)")
        if reason:
            raise errors.of_status(502, f"the broker refused the connection with reason {reason:#04x}")
        yield session
