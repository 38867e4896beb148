"""What a provider says of itself: its metadata and keys, read through the guarded way out and kept for ten minutes."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

from infra import strict_json
from infra.egress import Client, Destination, Failed, Refused, Request
from infra.egress.target import parse
from tenants.identity.openid.errors import ProviderAway, ProviderRefused

KEPT_SECONDS: Final = 600.0
_AGAIN_SECONDS: Final = 30.0
_KEPT: Final = 1_000
_LARGEST: Final = 256 * 1024
_MOST_KEYS: Final = 64
_TIMEOUT: Final = 10.0
_METADATA: Final = "/.well-known/openid-configuration"


class Metadata(msgspec.Struct, frozen=True):
    """Of OpenID Connect Discovery, what is used of it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Kept(msgspec.Struct):
    until: float
    metadata: Metadata
    keys: KeySet | None = None
    keys_at: float = 0.0


class Discovery:
    """Of all providers, for one process. What one partner's provider says is never another's."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[tuple[UUID, str], _Kept] = {}

    async def metadata(self, partner_id: UUID, issuer: str) -> Metadata:
        """Of the issuer, which it must name exactly (S-59).

        Raises:
            ProviderAway: no answer, or none of that form.
            ProviderRefused: it says that it is another.
        """
        return (await self._of(partner_id, issuer)).metadata

    async def keys(self, partner_id: UUID, issuer: str, *, anew: bool = False) -> KeySet:
        """The issuer's keys; `anew`: one was missing, so ask again, but not more often than every half minute.

        Raises: as `metadata`.
        """
        kept = await self._of(partner_id, issuer)
        age = self._clock() - kept.keys_at
        if kept.keys is None or age > KEPT_SECONDS or (anew and age > _AGAIN_SECONDS):
            document = await self._get(partner_id, kept.metadata.jwks_uri)
            kept.keys, kept.keys_at = _keys(document), self._clock()
        return kept.keys

    def forget(self) -> None:
        """Ask every provider anew."""
        self._kept.clear()

    async def _of(self, partner_id: UUID, issuer: str) -> _Kept:
        kept = self._kept.get((partner_id, issuer))
        if kept is not None and kept.until > self._clock():
            return kept
        document = await self._get(partner_id, issuer.rstrip("/") + _METADATA)
        try:
            found = msgspec.convert(document, Metadata)
        except msgspec.ValidationError:
            raise ProviderAway("Its metadata cannot be read") from None
        if found.issuer != issuer:
            raise ProviderRefused("metadata-issuer")
        _check_page(found.authorization_endpoint, issuer)
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        kept = self._kept[partner_id, issuer] = _Kept(self._clock() + KEPT_SECONDS, found)
        return kept

    async def _get(self, partner_id: UUID, url: str) -> Any:
        try:
            answer = await self._client.send(
                partner_id,
                Request(
                    method="GET",
                    url=url,
                    headers={"accept": "application/json"},
                    timeout=_TIMEOUT,
                    destination=destination(url),
                ),
            )
        except (Failed, Refused):
            raise ProviderAway from None
        if answer.status != HTTPStatus.OK or len(answer.body) > _LARGEST:
            raise ProviderAway
        try:
            return strict_json.decode(answer.body)
        except strict_json.MalformedJson:
            raise ProviderAway("It answers no JSON") from None


def _keys(document: Any) -> KeySet:
    """Those that are known here; a provider may have others for others. Raises ProviderAway: there is none."""
    listed = document.get("keys") if isinstance(document, dict) else None
    found: list[Key] = []
    for one in listed[:_MOST_KEYS] if isinstance(listed, list) else []:
        try:
            found += KeySet.import_key_set({"keys": [one]}).keys
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
    # A shared secret is no key of a provider's: whoever has it could sign.
    found = [one for one in found if isinstance(one, RSAKey | ECKey)]
    if not found:
        raise ProviderAway("Its keys cannot be read")
    return KeySet(found)


def _check_page(url: str, issuer: str) -> None:
    """A browser is sent there: to https, or to http where the provider itself is on it; to no script."""
    try:
        scheme = parse(url).origin.scheme
    except Refused:
        raise ProviderAway("Its page to sign in on is no address") from None
    if scheme != "https" and not issuer.startswith("http:"):
        raise ProviderAway("Its page to sign in on is not on https")


def destination(url: str, *, with_credentials: bool = False) -> Destination:
    """What may be reached of a provider: https at the port that the address has.

    Raises:
        Refused: no absolute URL.
    """
    origin = parse(url).origin
    return Destination(
        allowed_origins=(origin.text,) if with_credentials else (),
        ports=frozenset({origin.port}),
    )
