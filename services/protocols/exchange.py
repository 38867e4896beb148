"""One HTTP exchange of a protocol: credentials, the answer to a challenge, nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from uuid import UUID

from infra.egress import Client, Destination, Request, Response, Stream
from services.protocols.authentication.authenticator import Authenticator, Identity


class Exchange:
    """The way out as the protocols share it, with the tokens that they all use.

    Args:
        destination: which ports and schemes documents may call; it binds no credentials.
    """

    def __init__(self, client: Client, destination: Destination | None = None) -> None:
        self.client = client
        self.destination = destination or Destination()
        self.authenticator = Authenticator(client, self.destination)

    def identity(self, tenant: UUID, given: Mapping[str, Any] | None, origin: str) -> Identity:
        """See `Authenticator.identity`."""
        return self.authenticator.identity(tenant, given, origin)

    async def send(self, tenant: UUID, request: Request, identity: Identity) -> Response:
        """The answer, whatever its status; after a challenge (401) the request is made once more.

        Raises:
            Refusal: there are no credentials to be had.
            Refused, Failed: of egress.
        """
        response = await self.client.send(tenant, await identity.sign(request))
        if response.status != HTTPStatus.UNAUTHORIZED:
            return response
        again = await identity.answer(request, response.headers.get("www-authenticate", ""))
        return response if again is None else await self.client.send(tenant, again)

    @asynccontextmanager
    async def stream(self, tenant: UUID, request: Request, identity: Identity) -> AsyncIterator[Stream]:
        """`send` for an answer that is read while it comes."""
        signed = await identity.sign(request)
        async with self.client.stream(tenant, signed) as stream:
            if stream.status != HTTPStatus.UNAUTHORIZED:
                yield stream
                return
            again = await identity.answer(request, stream.headers.get("www-authenticate", ""))
            if again is None:
                yield stream
                return
        async with self.client.stream(tenant, again) as stream:
            yield stream
