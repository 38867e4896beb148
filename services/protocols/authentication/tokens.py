"""Access tokens of OAuth 2 and OpenID Connect: fetched once for all who wait, kept until shortly before they expire."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from infra import clock
from infra.egress import Client, Destination, Request, canonical_origin
from infra.encryption.secret import Secret
from services.engine import values
from services.protocols import errors
from services.protocols.authentication import token_request
from services.protocols.authentication.policy import OAuth2, check_origin
from services.protocols.authentication.token_request import Granted, UsedUp

KEPT: Final = 2048
"""Tokens in memory; the least used make room."""
_DISCOVERY: Final = "/.well-known/openid-configuration"
_SPARE: Final = 0.1
_MOST_SPARE: Final = 30.0
_SECONDS: Final = 15.0
_PLACE_SECONDS: Final = 3600.0

T = TypeVar("T")
Key = tuple[UUID, bytes]
"""A tenant, and the fingerprint of its policy: no token of one is ever another's."""


class _Kept(msgspec.Struct):
    granted: Granted
    until: float


class _Place(msgspec.Struct, frozen=True):
    """Where tokens are asked for, and the issuer that said so."""

    url: str
    issuer: str | None = None


class Tokens:
    """The tokens of one process. Safe for any number of calls at once."""

    def __init__(self, client: Client, destination: Destination) -> None:
        self._client = client
        self._destination = destination
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._renewals: OrderedDict[Key, str] = OrderedDict()
        self._places: OrderedDict[Key, tuple[_Place, float]] = OrderedDict()
        self._flights: dict[Key, asyncio.Task[Granted]] = {}

    async def get(self, key: Key, policy: OAuth2, *, discover: bool, origins: tuple[str, ...] = ()) -> str:
        """A token that holds. Of one key, `policy` and `origins` are always the same.

        Raises:
            Refusal: `configuration`, `authentication`, or `communication` when the authority does not answer;
                `authorization` where it is not at `origins`.
        """
        kept = self._kept.get(key)
        if kept is not None and clock.monotonic() < kept.until:
            self._kept.move_to_end(key)
            return kept.granted.token
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._fetch(key, policy, origins, discover=discover))
            self._flights[key] = flight
            flight.add_done_callback(lambda ended: self._land(key, ended))
        # Whoever gives up leaves the others' token on its way.
        return (await asyncio.shield(flight)).token

    def drop(self, key: Key, token: str) -> None:
        """Forget `token`, which its service refused; a newer one is kept."""
        kept = self._kept.get(key)
        if kept is not None and kept.granted.token == token:
            del self._kept[key]

    def _land(self, key: Key, flight: asyncio.Task[Granted]) -> None:
        del self._flights[key]
        if flight.cancelled() or flight.exception() is not None:
            return
        granted = flight.result()
        spare = min(granted.life * _SPARE, _MOST_SPARE)
        _keep(self._kept, key, _Kept(granted, clock.monotonic() + granted.life - spare))
        if granted.renewal is not None:
            _keep(self._renewals, key, granted.renewal)

    async def _fetch(self, key: Key, policy: OAuth2, origins: tuple[str, ...], *, discover: bool) -> Granted:
        with errors.leaving():
            place = await self._discover(key, policy) if discover else _Place(_joined(policy))
            check_origin(origins, place.url)
            renewal = self._renewals.get(key) if policy.grant == "refresh_token" else None
            if renewal is not None:
                try:
                    return await self._ask(key[0], policy, place, renewal)
                except UsedUp:
                    # Used up elsewhere; the one of the policy may still hold. After any other failure it holds itself.
                    self._renewals.pop(key, None)
            return await self._ask(key[0], policy, place, None)

    async def _ask(self, tenant: UUID, policy: OAuth2, place: _Place, renewal: str | None) -> Granted:
        body, credentials = token_request.fields(policy, audience=place.url, renewal=renewal)
        encoding = policy.request.encoding
        answer = await self._client.send(
            tenant,
            Request(
                method="POST",
                url=place.url,
                headers={"Content-Type": encoding, "Accept": "application/json"},
                credentials={name: Secret(value) for name, value in credentials.items()},
                body=token_request.encoded(body, encoding),
                timeout=_SECONDS,
                destination=msgspec.structs.replace(self._destination, allowed_origins=(canonical_origin(place.url),)),
            ),
        )
        return token_request.granted(answer, policy.issuers, place.issuer)

    async def _discover(self, key: Key, policy: OAuth2) -> _Place:
        known = self._places.get(key)
        if known is not None and clock.monotonic() < known[1]:
            return known[0]
        authority = policy.authority.rstrip("/").removesuffix(_DISCOVERY)
        request = Request(
            method="GET",
            url=authority + _DISCOVERY,
            headers={"Accept": "application/json"},
            timeout=_SECONDS,
            destination=self._destination,
        )
        answer = await self._client.send(key[0], request)
        if answer.status != 200:  # noqa: PLR2004 (HTTP)
            raise errors.of_status(answer.status, f"the authority's configuration was answered with {answer.status}")
        try:
            found = values.decode(answer.body)
        except values.ValueRefused as error:
            raise errors.unreadable("the authority's configuration is no JSON") from error
        if not isinstance(found, dict) or not isinstance(found.get("token_endpoint"), str):
            raise errors.unreadable("the authority's configuration names no `token_endpoint`")
        # Exactly the issuer that was asked, or one authority could answer for another (S-59).
        issuer = found.get("issuer")
        if not isinstance(issuer, str) or (issuer.rstrip("/") != authority and issuer not in policy.issuers):
            raise errors.unauthenticated("the authority's configuration is of another issuer")
        place = _Place(found["token_endpoint"], issuer)
        if canonical_origin(place.url) != canonical_origin(authority):
            detail = "it names a token endpoint on another origin; write that out with `oauth2` and `endpoints.token`"
            raise errors.configuration("The client's secret may not be sent there", detail, sent=True)
        _keep(self._places, key, (place, clock.monotonic() + _PLACE_SECONDS))
        return place


def _joined(policy: OAuth2) -> str:
    """The token endpoint below the authority; one with a host of its own stands for itself."""
    endpoint = policy.endpoints.token
    if urlsplit(endpoint).scheme:
        return endpoint
    return f"{policy.authority.rstrip('/')}/{endpoint.lstrip('/')}"


def _keep(kept: OrderedDict[Key, T], key: Key, value: T) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > KEPT:
        kept.popitem(last=False)
