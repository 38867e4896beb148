"""Resolvers of our own on loopback: each answers from the records that a test gives it, over streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from infra.egress import Lookups


class Resolver:
    """`records` holds lines of a zone (`TXT "…"`, `CNAME …`) by name; in a `mood` but `well` no answer counts."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.mood = "well"
        self.asked: list[str] = []
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            query = dns.message.from_wire(await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big")))
            if self.mood != "silent":
                wire = self._answer(query).to_wire()
                writer.write(len(wire).to_bytes(2, "big") + wire)
                await writer.drain()
        finally:
            writer.close()

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        asked = query.question[0]
        self.asked.append(f"{asked.name} {dns.rdatatype.to_text(asked.rdtype)}")
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if self.mood == "broken":
            answer.set_rcode(dns.rcode.SERVFAIL)
            return answer
        if self.mood == "forging":
            answer.id ^= 1
        name: dns.name.Name | None = asked.name
        while name is not None:
            lines = self.records.get(name.to_text(omit_final_dot=True), [])
            for line in lines:
                kind, _, value = line.partition(" ")
                if kind in {dns.rdatatype.to_text(asked.rdtype), "CNAME"}:
                    answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, value))
            aliases = [line.partition(" ")[2] for line in lines if line.startswith("CNAME")]
            name = dns.name.from_text(aliases[0]) if aliases and asked.rdtype != dns.rdatatype.CNAME else None
        if not answer.answer:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer


class Resolvers:
    """Three that know the same unless a test says otherwise."""

    def __init__(self, each: list[Resolver]) -> None:
        self.each = each
        self.lookups = Lookups(("127.0.0.1", one.port) for one in each)

    @property
    def setting(self) -> str:
        return ",".join(f"127.0.0.1:{one.port}" for one in self.each)

    def publish(self, name: str, *lines: str) -> None:
        """All records of a name from here on; none takes it away."""
        for one in self.each:
            one.records[name] = list(lines)


@asynccontextmanager
async def resolving() -> AsyncIterator[Resolvers]:
    async with AsyncExitStack() as stack:
        yield Resolvers([await stack.enter_async_context(Resolver()) for _ in range(3)])
