"""One sign-in at a provider, from the browser's leaving to its return (S-58 to S-60, ADR 0044).

The browser keeps one random text in a cookie of this host. State, nonce and the PKCE verifier are derived from it, so
that a return counts in the browser that left, on the host that it left, once, within ten minutes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database, Scope
from infra.egress import Client
from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_provider import KeyProvider
from infra.encryption.secret import Secret
from tenants.audit import alarms
from tenants.identity.live_session import Vouch
from tenants.identity.openid import exchange, id_token, providers, repository
from tenants.identity.openid.discovery import Discovery, Metadata
from tenants.identity.openid.errors import ProviderRefused, SignInStale, UnknownProvider
from tenants.identity.openid.exchange import Ask
from tenants.identity.openid.id_token import Expected
from tenants.identity.openid.logouts import sid_hash
from tenants.identity.openid.signed_token import UnknownSigner, moment_of
from tenants.identity.people_models import IdentityProvider, SignInFlow
from tenants.identity.sessions import Place
from tenants.organizations.errors import InvalidField

LIFE: Final = timedelta(minutes=10)
_BYTES: Final = 32
_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
# A path of this host: one slash, then no second one and no backslash, which browsers take for one (S-100).
_PATH: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2047}")
_CODE: Final = re.compile(r"[\x20-\x7e]{1,2048}")
Purpose = Literal["enter", "prove", "accept"]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser leaves for: to enter, to prove again who `account_id` is, or to accept an invitation.

    `origin` is of the host's own record, such as `https://portal.example.com`; `leads_to` is where it goes afterwards.
    """

    purpose: Purpose
    origin: str
    leads_to: str = "/"
    account_id: UUID | None = None
    invitation_id: UUID | None = None


class Begun(msgspec.Struct, frozen=True):
    """Where to send the browser, and the text of the cookie that it takes along."""

    location: str
    cookie: str

    def __repr__(self) -> str:
        return "Begun()"


class Vouched(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the provider vouches for, and what the browser had left for."""

    provider: IdentityProvider
    flow: SignInFlow
    subject: str
    claims: dict[str, Any]

    @property
    def vouch(self) -> Vouch:
        """What the session stands on, as long as the provider tells nothing else."""
        at = moment_of(self.claims, "iat", "id-token")
        return Vouch(provider_id=self.provider.provider_id, at=at, sid_hash=sid_hash(self.claims.get("sid")))


class Flows:
    """Sign-ins at providers, for one process."""

    def __init__(self, database: Database, client: Client, keys: KeyProvider) -> None:
        self._database = database
        self._client = client
        self._keys = keys
        self.discovery = Discovery(client)

    async def begin(self, place: Place, provider_id: UUID, wish: Wish) -> Begun:
        """Raises UnknownProvider, ProviderAway, ProviderRefused; InvalidField for another host to lead to."""
        if _PATH.fullmatch(wish.leads_to) is None:
            raise InvalidField("/to", "Use a path of this host")
        provider = await self._provider(place, provider_id)
        metadata = await self.discovery.metadata(place.partner_id, provider.issuer)
        cookie = secrets.token_urlsafe(_BYTES)
        values = {
            "partner_id": place.partner_id,
            "state_hash": _digest(_derived(cookie, "state")),
            "provider_id": provider_id,
            "host": place.host,
            "origin": wish.origin,
            "purpose": wish.purpose,
            "account_id": wish.account_id,
            "invitation_id": wish.invitation_id,
            "leads_to": wish.leads_to,
        }
        async with self._database.session(Scope.partner(place.partner_id)) as session:
            await repository.add_flow(session, values, LIFE)
            await session.commit()
        ask = _ask(provider, wish.origin, cookie, anew=wish.purpose == "prove")
        return Begun(exchange.location(metadata, ask), cookie)

    async def finish(self, place: Place, flow: SignInFlow, query: Mapping[str, str], cookie: str) -> Vouched:
        """What the browser that left as `flow`, which was just taken, brings back.

        Raises:
            ProviderRefused, ProviderAway: the provider does not vouch for the person.
            UnknownProvider: it was disabled meanwhile.
        """
        provider = await self._provider(place, flow.provider_id)
        metadata = await self.discovery.metadata(place.partner_id, provider.issuer)
        _check_issuer(metadata, provider.issuer, query.get("iss"))
        if "error" in query:
            raise ProviderRefused("provider-error")
        code = query.get("code", "")
        if _CODE.fullmatch(code) is None:
            raise ProviderRefused("no-code")
        ask = _ask(provider, flow.origin, cookie, anew=flow.purpose == "prove")
        secret = await self._secret(provider)
        token = await exchange.id_token(self._client, metadata, ask, code, secret)
        since = int((flow.expires_at - LIFE).timestamp()) if ask.anew else None
        claims = await self._claims(provider, token, ask, since)
        subject = id_token.subject_of(claims, provider.subject_claim)
        return Vouched(provider=provider, flow=flow, subject=subject, claims=claims)

    async def _secret(self, provider: IdentityProvider) -> Secret | None:
        try:
            return await providers.secret_of(self._keys, provider)
        except SecretUnreadable as error:
            tenant = provider.tenant_id
            whose = Scope.partner(provider.partner_id) if tenant is None else Scope.tenant(tenant)
            await alarms.unreadable(self._database, whose, providers.shown(provider), error)
            raise

    async def take(self, place: Place, provider_id: UUID, query: Mapping[str, str], cookie: str | None) -> SignInFlow:
        """What the browser left for, when it comes back; it counts no more from now on.

        Raises:
            SignInStale: it left elsewhere, too long ago, or came back before.
        """
        state = query.get("state", "")
        if cookie is None or _TEXT.fullmatch(cookie) is None:
            raise SignInStale
        # In constant time, and before anything is taken: a stranger's return does not use up the browser's own.
        if not hmac.compare_digest(_derived(cookie, "state").encode(), state.encode("utf-8", "surrogatepass")):
            raise SignInStale
        async with self._database.session(Scope.partner(place.partner_id)) as session:
            flow = await repository.take_flow(session, place.partner_id, place.host, provider_id, _digest(state))
            await session.commit()
        if flow is None:
            raise SignInStale
        return flow

    async def _claims(
        self, provider: IdentityProvider, token: str, ask: Ask, proved_since: int | None
    ) -> dict[str, Any]:
        expected = Expected(
            issuer=provider.issuer,
            client_id=provider.client_id,
            nonce=ask.nonce,
            algorithm=provider.algorithm,
            proved_since=proved_since,
        )
        for anew in (False, True):
            keys = await self.discovery.keys(provider.partner_id, provider.issuer, anew=anew)
            try:
                return id_token.read(token, keys, expected)
            except UnknownSigner:
                continue
        raise ProviderRefused("id-token-key")

    async def check(self, place: Place, provider_id: UUID) -> None:
        """After a session was begun: whoever disables the provider now sees it and ends it.

        Raises:
            UnknownProvider: it was disabled while the browser came back.
        """
        await self._provider(place, provider_id, lock=True)

    async def _provider(self, place: Place, provider_id: UUID, *, lock: bool = False) -> IdentityProvider:
        async with self._database.session(Scope.partner(place.partner_id)) as session:
            found = await repository.provider(session, place.partner_id, provider_id, with_secret=True, lock=lock)
        if found is None or found.status != "active":
            raise UnknownProvider
        return found


def _check_issuer(metadata: Metadata, issuer: str, told: str | None) -> None:
    """RFC 9207: an answer that names its issuer names ours, and one that should name it does (S-59)."""
    if told is None:
        if metadata.authorization_response_iss_parameter_supported:
            raise ProviderRefused("no-iss")
    elif told != issuer:
        raise ProviderRefused("other-iss")


def _ask(provider: IdentityProvider, origin: str, cookie: str, *, anew: bool) -> Ask:
    return Ask(
        partner_id=provider.partner_id,
        client_id=provider.client_id,
        redirect_uri=redirect_uri(origin, provider.provider_id),
        state=_derived(cookie, "state"),
        nonce=_derived(cookie, "nonce"),
        verifier=_derived(cookie, "verifier"),
        anew=anew,
    )


def redirect_uri(origin: str, provider_id: UUID) -> str:
    """Of one provider on one host, and of no other."""
    return f"{origin}/portal/providers/{ids.show('idp', provider_id)}/return"


def _derived(cookie: str, what: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(cookie.encode(), what.encode(), "sha256")).decode().rstrip("=")


def _digest(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
