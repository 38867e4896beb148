"""Questions about names, asked of the operator's own resolvers one by one and not of the system's.

Over a stream, by the guarded dial: answers to a datagram can be forged by whoever guesses its number (S-99). With TLS
at port 853 (RFC 7858); without it where the operator names another port, such as that of a resolver beside us.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import msgspec

from infra.egress.dial import Dial, Wire, connect, hang_up
from infra.egress.guard import Guard
from infra.egress.messages import Destination, Failed, Refused

SECONDS: Final = 5.0
TLS_PORT: Final = 853
_MOST: Final = 64
"""Records of an answer that are looked at."""

Place = tuple[str, int]
"""Address and port of a resolver."""


class Found(msgspec.Struct, frozen=True):
    """What one resolver says of a name.

    Attributes:
        texts: of the TXT records that stand at the name itself; one that an alias leads to is somebody else's.
        alias: where its CNAME leads, in lower case without final dot.
    """

    texts: frozenset[str] = frozenset()
    alias: str | None = None


class Lookups:
    """Asks every resolver.

    Args:
        resolvers: addresses that the operator set; nothing else is ever dialled.
    """

    def __init__(self, resolvers: Iterable[Place]) -> None:
        self.resolvers = tuple(resolvers)
        # Private addresses too: they are the operator's own word. Metadata addresses stay closed.
        self._guard = Guard(allow_loopback=True, networks=[address for address, _ in self.resolvers])

    async def texts(self, name: str) -> list[Found | None]:
        """The TXT records at `name`, as each resolver knows them; None for one that does not answer."""
        return list(await asyncio.gather(*(self._look(one, name, dns.rdatatype.TXT) for one in self.resolvers)))

    async def aliases(self, name: str) -> list[Found | None]:
        """The CNAME at `name`, likewise."""
        return list(await asyncio.gather(*(self._look(one, name, dns.rdatatype.CNAME) for one in self.resolvers)))

    async def _look(self, resolver: Place, name: str, kind: dns.rdatatype.RdataType) -> Found | None:
        try:
            async with asyncio.timeout(SECONDS):
                return await self._ask(resolver, dns.message.make_query(name, kind))
        except (Failed, Refused, OSError, TimeoutError, EOFError, dns.exception.DNSException):
            return None

    async def _ask(self, resolver: Place, query: dns.message.QueryMessage) -> Found | None:
        host, port = resolver
        destination = Destination(allow_http=True, ports=frozenset({port}))
        dial = Dial(protocol="dns", host=host, port=port, tls=port == TLS_PORT, destination=destination)
        wire = await connect(self._guard, dial, None)
        try:
            answer = await _exchange(wire, query)
        finally:
            await hang_up(wire)
        # A name that is not there is an answer; a server that cannot say is none.
        if not query.is_response(answer) or answer.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
            return None
        return _read(query, answer)


async def _exchange(wire: Wire, query: dns.message.Message) -> dns.message.Message:
    """A message before which stands its length in two bytes (RFC 1035, 4.2.2)."""
    sent = query.to_wire()
    wire.writer.write(len(sent).to_bytes(2, "big") + sent)
    await wire.writer.drain()
    length = int.from_bytes(await wire.reader.readexactly(2), "big")
    return dns.message.from_wire(await wire.reader.readexactly(length))


def _read(query: dns.message.Message, answer: dns.message.Message) -> Found:
    asked = query.question[0]
    found = answer.get_rrset(answer.answer, asked.name, dns.rdataclass.IN, asked.rdtype)
    if found is None:
        return Found()
    rows = list(found)[:_MOST]
    if asked.rdtype == dns.rdatatype.CNAME:
        return Found(alias=rows[0].target.to_text(omit_final_dot=True).lower())
    return Found(texts=frozenset(b"".join(row.strings).decode("ascii", "replace") for row in rows))
