"""OAuth 2 client credentials (RFC 6749, 4.4): a token for the connection, fetched anew shortly before it ends."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Final

import msgspec

from infra.egress import Response
from infra.encryption.secret import Secret
from services.connectors.declared import document
from services.connectors.declared.credentials import token_endpoint
from services.connectors.declared.credentials.fetched import Fetched, Fetching
from services.connectors.declared.credentials.kinds import Signed, setting
from services.connectors.declared.credentials.token_endpoint import Client
from services.connectors.declared.requests import Outgoing
from services.connectors.sdk.context import Context, GrantOver, Pair, Shares
from services.connectors.sdk.errors import Away, Refusal

_UNAUTHORIZED: Final = 401
_UNKNOWN_SECONDS: Final = 300.0


class OAuth2:
    """Workers share a token, which one of them fetches (`Shares`); where nothing is shared each process has one."""

    def __init__(self, part: document.OAuth2) -> None:
        self._part = part
        self._fetching = Fetching(self._fetch)
        self.change = f"the setting `{part.client_id}` and the secret `{part.secret}`"

    async def sign(self, outgoing: Outgoing, context: Context) -> Signed:
        shared = context.connection.shared
        token = await (self._fetching.get(context) if shared is None else self._shared(shared, context))
        return Signed(outgoing, {"Authorization": Secret(f"Bearer {token.reveal()}")})

    def has_ended(self, response: Response, context: Context) -> bool:
        """By 401 (RFC 6750, 3.1)."""
        return response.status == _UNAUTHORIZED and self.forget(context)

    def forget(self, context: Context) -> bool:
        shared = context.connection.shared
        return self._fetching.forget(context) if shared is None else shared.forget()

    async def _shared(self, shared: Shares, context: Context) -> Secret:
        """As `Fetching.get`, of all processes."""
        was_sent = context.sent
        try:
            found = await shared.fetched(self._leads_to(context), partial(self._pair, context))
            context.grant = shared.grant
        except Away as away:
            # Of the call whose credentials these are nothing has gone out.
            raise Away(away.reason, seconds=away.seconds, sent=False, name=away.name) from away
        finally:
            context.sent = was_sent
        return found

    def _leads_to(self, context: Context) -> str:
        """Digest of what a token is of: no token of one is another's, nor one of other settings or secrets."""
        part, connection = self._part, context.connection
        parts = [part, context.settings["base_url"], address(part.token_url, context), setting(context, part.client_id)]
        return hashlib.sha256(msgspec.json.encode([*parts, connection.connector, connection.revision])).hexdigest()

    async def _fetch(self, context: Context) -> Fetched:
        found = await self._pair(context)
        return Fetched(found.access, found.seconds, found.scopes)

    async def _pair(self, context: Context) -> Pair:
        """A token without another to renew it by, and for how long it holds. Raises Refusal, Away."""
        part = self._part
        fields = {"grant_type": "client_credentials"}
        if part.scopes:
            fields["scope"] = " ".join(part.scopes)
        if part.audience:
            fields["audience"] = part.audience
        client = Client(
            address=address(part.token_url, context),
            client_id=setting(context, part.client_id),
            secret=part.secret,
            proof=part.client,
            change=self.change,
            scopes=part.scopes,
        )
        try:
            found = await token_endpoint.ask(client, context, fields)
        except GrantOver as over:
            detail = f"Its token endpoint refused ({over}); look at {self.change}"
            title = "The credentials are refused"
            raise Refusal(detail, name="authentication", status=_UNAUTHORIZED, title=title) from over
        scopes = found.scopes or token_endpoint.asked(part.scopes)
        return Pair(found.access, None, found.seconds or _UNKNOWN_SECONDS, scopes)


def address(url: str | document.Setting, context: Context) -> str:
    """Raises Refusal: the connection lacks the setting that holds it."""
    if isinstance(url, str):
        return url
    if url.default is not None and url.setting not in context.settings:
        return url.default
    return setting(context, url.setting)
