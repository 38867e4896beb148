"""Fetches documents and keeps them for a few minutes, for one tenant and one set of credentials."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import msgspec

from infra import clock
from infra.egress import Request, Response
from services.protocols import errors
from services.protocols.authentication.policy import fingerprint
from services.protocols.exchange import Exchange
from services.protocols.resources import documents
from template_library.dsl.uris import unusable

SECONDS: Final = 300.0
KEPT: Final = 256
KEPT_BYTES: Final = 32 * 1024 * 1024
REDIRECTS: Final = 3
_FETCH_SECONDS: Final = 20.0
_REDIRECTING: Final = frozenset({301, 302, 303, 307, 308})
_ACCEPT: Final = "application/json, application/yaml;q=0.9, text/*;q=0.8, */*;q=0.5"

T = TypeVar("T")
_Key = tuple[UUID, str, bytes]


class Reference(msgspec.Struct, frozen=True):
    """A resource as the arguments of a call name it."""

    uri: str
    authentication: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"Reference({self.uri!r})"


class Resource(msgspec.Struct):
    """A document that was fetched.

    Attributes:
        uri: where it was in the end; relative addresses in it are relative to this.
        readings: what was made of it, by kind.
    """

    uri: str
    content: bytes
    until: float
    readings: dict[str, Any] = {}


class Resources:
    """The documents of one process. Safe for any number of calls at once."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._kept: OrderedDict[_Key, Resource] = OrderedDict()
        self._bytes = 0
        self._flights: dict[_Key, asyncio.Task[Resource]] = {}
        # Reading YAML is Python's work: one at a time, and never in the event loop's own thread.
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="documents")

    async def get(self, tenant: UUID, reference: Reference) -> Resource:
        """The resource, at most five minutes old.

        Raises:
            Refusal: it cannot be had. An error is not kept.
        """
        key = (tenant, reference.uri, fingerprint(reference.authentication))
        kept = self._kept.get(key)
        if kept is not None and clock.monotonic() < kept.until:
            self._kept.move_to_end(key)
            return kept
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._fetch(tenant, reference))
            self._flights[key] = flight
            flight.add_done_callback(lambda ended: self._land(key, ended))
        return await asyncio.shield(flight)

    async def reading(self, resource: Resource, kind: str, make: Callable[[bytes], T]) -> T:
        """What `make` makes of the content, in a thread; kept beside it under the name `kind`.

        Raises:
            Refusal: as `make` does.
        """
        if kind not in resource.readings:
            loop = asyncio.get_running_loop()
            resource.readings[kind] = await loop.run_in_executor(self._reading, make, resource.content)
        made: T = resource.readings[kind]
        return made

    async def document(self, tenant: UUID, reference: Reference) -> tuple[Resource, Any]:
        """The resource, and the value that it holds as JSON or YAML. Not to be changed: others have it too.

        Raises:
            Refusal: it cannot be had or read.
        """
        resource = await self.get(tenant, reference)
        return resource, await self.reading(resource, "value", documents.parse)

    def _land(self, key: _Key, flight: asyncio.Task[Resource]) -> None:
        del self._flights[key]
        if flight.cancelled() or flight.exception() is not None:
            return
        replaced = self._kept.pop(key, None)
        self._bytes += len(flight.result().content) - (len(replaced.content) if replaced else 0)
        self._kept[key] = flight.result()
        while len(self._kept) > KEPT or (self._bytes > KEPT_BYTES and len(self._kept) > 1):
            self._bytes -= len(self._kept.popitem(last=False)[1].content)

    async def _fetch(self, tenant: UUID, reference: Reference) -> Resource:
        if problem := unusable(reference.uri):
            raise errors.configuration("Unusable resource", problem)
        with errors.leaving():
            uri = reference.uri.partition("#")[0]
            identity = self._exchange.identity(tenant, reference.authentication, uri)
            for _ in range(REDIRECTS + 1):
                request = Request(
                    method="GET",
                    url=uri,
                    headers={"Accept": _ACCEPT},
                    timeout=_FETCH_SECONDS,
                    destination=self._exchange.destination,
                )
                # Behind a redirect to another origin the identity gives nothing of itself.
                response = await self._exchange.send(tenant, request, identity)
                if response.status not in _REDIRECTING:
                    return _resource(uri, response)
                uri = _further(uri, response)
        raise errors.configuration("Unusable resource", f"it is redirected more than {REDIRECTS} times", sent=True)


def _resource(uri: str, response: Response) -> Resource:
    if response.status != HTTPStatus.OK:
        raise errors.of_status(response.status, f"{uri.partition('?')[0]} was answered with status {response.status}")
    if len(response.body) > documents.JSON_BYTES:
        detail = f"the document has more than {documents.JSON_BYTES // 1024**2} MiB"
        raise errors.configuration("Unusable resource", detail, sent=True)
    return Resource(uri, response.body, clock.monotonic() + SECONDS, {})


def _further(uri: str, response: Response) -> str:
    """Where a redirect leads: never from https to anything else (S-53)."""
    location = response.headers.get("location", "")
    target = urljoin(uri, location).partition("#")[0]
    if not location or (urlsplit(uri).scheme, urlsplit(target).scheme) not in {
        ("https", "https"),
        ("http", "http"),
        ("http", "https"),
    }:
        raise errors.configuration("Unusable resource", "it is redirected to another scheme, or nowhere", sent=True)
    return target
