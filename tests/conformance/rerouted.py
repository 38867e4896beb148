"""The way out with every address turned to the doubles of this machine. The guard behind it is the real one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from uuid import UUID

from msgspec.structs import replace

from infra.egress import Client, Destination, Dial, Guard, Request, Response, Stream, Websocket, Wire


class Rerouted(Client):
    """`https://shop.example/a` becomes `<doubles>/https/shop.example/a`; gRPC goes to its own double."""

    def __init__(self, doubles: str, grpc_port: int) -> None:
        super().__init__(Guard(allow_loopback=True))
        self._doubles = doubles
        self._grpc_port = grpc_port

    async def send(self, tenant: UUID, request: Request) -> Response:
        return await super().send(tenant, self._turned(request))

    @asynccontextmanager
    async def stream(self, tenant: UUID, request: Request, **more: int) -> AsyncIterator[Stream]:
        async with super().stream(tenant, self._turned(request), **more) as stream:
            yield stream

    @asynccontextmanager
    async def websocket(self, tenant: UUID, request: Request) -> AsyncIterator[Websocket]:
        async with super().websocket(tenant, self._turned(request)) as socket:
            yield socket

    @asynccontextmanager
    async def dial(self, tenant: UUID, dial: Dial) -> AsyncIterator[Wire]:
        local = replace(dial, host="127.0.0.1", port=self._grpc_port, tls=False)
        async with super().dial(tenant, local) as wire:
            yield wire

    def _turned(self, request: Request) -> Request:
        parts = urlsplit(request.url)
        query = f"?{parts.query}" if parts.query else ""
        url = f"{self._doubles}/{parts.scheme}/{parts.netloc}{parts.path}{query}"
        return replace(request, url=url, destination=Destination(allowed_origins=(self._doubles,)))
