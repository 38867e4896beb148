"""Who is behind a page's request: the session of its cookie, on this host and for requests of this host's own pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from infra.database import Database
from infra.egress import Client
from infra.encryption.key_provider import KeyProvider
from infra.problems import Unauthorized
from infra.setting_values import Network
from services.api.call import Call
from services.api.client_network import network_of
from services.portal.brands import brand_of, place_of
from services.portal.cookies import DEVICE, token_of
from tenants.identity import budgets, tries
from tenants.identity.account_repository import FoundAccount
from tenants.identity.acting import Mine
from tenants.identity.invitations import Invitations
from tenants.identity.live_session import Session
from tenants.identity.openid.flow import Flows
from tenants.identity.openid.logouts import Logouts
from tenants.identity.passkeys import Passkeys
from tenants.identity.passwords import Passwords
from tenants.identity.principal import Principal
from tenants.identity.proving import Proving, account_of
from tenants.identity.second_factors import SecondFactors
from tenants.identity.sessions import Sessions
from tenants.identity.sign_in import Browser, Entered, SignIn
from tenants.identity.signing_out import sign_out
from tenants.organizations.branding import Brand

STATE: Final = "doorkeeper"
BACKGROUND: Final = "x-background"
"""A page sends it with the value 1 where it asks by itself: that is no activity of the person's, who may have gone."""


class NotSignedIn(Unauthorized):
    """No live session: none was begun here, or it has ended. Sign in."""

    name = "not-signed-in"
    title = "Sign in to continue"


class Doorkeeper:
    """Signs in and out, and says who is signed in, for one process.

    Args:
        proxies: networks of the proxies in front, whose word about a client's address counts.
    """

    def __init__(self, database: Database, client: Client, keys: KeyProvider, proxies: tuple[Network, ...]) -> None:
        self.database = database
        self._proxies = proxies
        self.sessions = Sessions(database)
        self.passwords = Passwords()
        self.factors = SecondFactors(database, keys)
        self.flows = Flows(database, client, keys)
        self.logouts = Logouts(database, self.flows.discovery)
        self.invitations = Invitations(database)
        self.passkeys = Passkeys(database)
        self.prove = Proving(database, self.passwords, self.sessions, self.factors)
        self._sign_in = SignIn(database, self.passwords, self.sessions, self.factors)

    async def sign_in(self, call: Call, email: str, password: str, code: str | None = None) -> Entered:
        """A new session; raises as `tenants.identity.sign_in` does."""
        network = network_of(call.scope, self._proxies)
        browser = Browser(session=token_of(call), device=token_of(call, DEVICE), network=network)
        return await self._sign_in(place_of(brand_of(call)), email, password, browser, code)

    async def spend(self, call: Call) -> None:
        """Count that somebody who is not signed in has us do something. Raises TooManyAttempts."""
        place = place_of(brand_of(call))
        counted = budgets.of_leaving(place.host, network_of(call.scope, self._proxies))
        await tries.spend(self.database, place.partner_id, counted)

    @asynccontextmanager
    async def spending(self, call: Call) -> AsyncIterator[None]:
        """Counts that somebody's server tells something, unless it ends well. Raises TooManyAttempts."""
        place = place_of(brand_of(call))
        counted = budgets.of_logouts(place.host, network_of(call.scope, self._proxies))
        await tries.spend(self.database, place.partner_id, counted)
        yield
        await tries.give_back(self.database, place.partner_id, counted)

    @asynccontextmanager
    async def guessing(self, call: Call) -> AsyncIterator[None]:
        """Counts that somebody comes by a link's text, unless it is one. Raises TooManyAttempts."""
        place = place_of(brand_of(call))
        counted = budgets.of_links(place.host, network_of(call.scope, self._proxies))
        await tries.spend(self.database, place.partner_id, counted)
        yield
        await tries.give_back(self.database, place.partner_id, counted)

    async def mine(self, call: Call) -> Mine:
        """The caller's own session. Raises NotSignedIn."""
        brand, token = brand_of(call), token_of(call)
        found = await self.session(brand, token)
        if found is None or token is None:
            raise NotSignedIn
        return Mine(place_of(brand), found, token)

    async def account(self, session: Session) -> FoundAccount:
        """Whose session it is. Raises NotSignedIn: it is gone."""
        found = await account_of(self.database, session)
        if found is None:
            raise NotSignedIn
        return found

    async def sign_out(self, brand: Brand, token: str | None) -> None:
        if token is not None:
            await sign_out(self.database, self.sessions, place_of(brand), token)

    async def session(self, brand: Brand, token: str | None, *, passing: bool = False) -> Session | None:
        return None if token is None else await self.sessions.find(place_of(brand), token, passing=passing)

    async def admit(self, call: Call, *, passing: bool = False) -> Principal:
        """Who makes this call to the API, by its cookie and nothing else.

        Raises:
            NotSignedIn: no live session.
        """
        found = await self.session(brand_of(call), token_of(call), passing=passing or is_background(call))
        if found is None:
            raise NotSignedIn
        return found.principal

    async def settled(self) -> None:
        """When what is written after an answer is written."""
        await self._sign_in.settled()

    async def close(self) -> None:
        await self.settled()
        self.passwords.close()


def is_background(call: Call) -> bool:
    return call.headers.get(BACKGROUND) == "1"


def doorkeeper_of(request: Call) -> Doorkeeper:
    found: Doorkeeper = request.app.state[STATE]
    return found
