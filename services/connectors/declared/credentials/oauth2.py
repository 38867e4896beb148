"""OAuth 2 client credentials (RFC 6749, 4.4): a token for the connection, fetched anew shortly before it ends."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from infra.egress import Response
from infra.encryption.secret import MIN_LENGTH, Secret
from services.connectors.declared import document
from services.connectors.declared.credentials.fetched import Fetched, Fetching
from services.connectors.declared.credentials.kinds import Signed, pair, secret, setting
from services.connectors.declared.requests import Outgoing
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away, Refusal
from services.engine import values

_OK: Final = 200
_UNAUTHORIZED: Final = 401
_SERVER_ERROR: Final = 500
_BUSY: Final = frozenset({404, 405, 408, 429})
_UNKNOWN_SECONDS: Final = 300.0
_CODE: Final = re.compile(r"[a-z_]{1,60}")
_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class OAuth2:
    def __init__(self, part: document.OAuth2) -> None:
        self._part = part
        self._fetching = Fetching(self._fetch)
        self.change = f"the setting `{part.client_id}` and the secret `{part.secret}`"

    async def sign(self, outgoing: Outgoing, context: Context) -> Signed:
        token = await self._fetching.get(context)
        return Signed(outgoing, {"Authorization": Secret(f"Bearer {token.reveal()}")})

    def has_ended(self, response: Response, context: Context) -> bool:
        """By 401 (RFC 6750, 3.1)."""
        return response.status == _UNAUTHORIZED and self.forget(context)

    def forget(self, context: Context) -> bool:
        return self._fetching.forget(context)

    async def _fetch(self, context: Context) -> Fetched:
        part, client = self._part, setting(context, self._part.client_id)
        password = secret(context, part.secret)
        fields = {"grant_type": "client_credentials"}
        if part.scopes:
            fields["scope"] = " ".join(part.scopes)
        if part.audience:
            fields["audience"] = part.audience
        credentials = {}
        if part.client == "post":
            fields |= {"client_id": client, "client_secret": password.reveal()}
        else:
            # Both are form-encoded before they are joined (RFC 6749, 2.3.1).
            credentials["Authorization"] = pair(quote_plus(client), Secret(quote_plus(password.reveal())))
        address = self._address(context)
        is_whole = "://" in address
        answer = await context.send(
            "POST",
            "" if is_whole else address,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            credentials=credentials,
            body=urlencode(fields).encode(),
            base=address if is_whole else None,
        )
        return self._granted(answer)

    def _address(self, context: Context) -> str:
        url = self._part.token_url
        if isinstance(url, str):
            return url
        if url.default is not None and url.setting not in context.settings:
            return url.default
        return setting(context, url.setting)

    def _granted(self, answer: Response) -> Fetched:
        if answer.status >= _SERVER_ERROR or answer.status in _BUSY:
            raise Away(f"its token endpoint answered with status {answer.status}", sent=False)
        try:
            given = values.decode(answer.body)
        except values.ValueRefused:
            given = None
        found: dict[str, Any] = given if isinstance(given, dict) else {}
        token = found.get("access_token")
        if answer.status != _OK or not isinstance(token, str):
            raise self._refused(answer.status, found.get("error"))
        is_bearer = str(found.get("token_type", "bearer")).lower() == "bearer"
        if not is_bearer or len(token) < MIN_LENGTH or not _BEARER.fullmatch(token):
            raise Refusal("Its token endpoint gave no bearer token, and no other kind is known", name="authentication")
        said = found.get("scope")
        # Who says nothing of them has given those that were asked for (RFC 6749, 5.1).
        scopes = frozenset(said.split() if isinstance(said, str) else self._part.scopes)
        return Fetched(Secret(token), _seconds(found.get("expires_in")), scopes)

    def _refused(self, status: int, error: Any) -> Refusal:
        code = error if isinstance(error, str) and _CODE.fullmatch(error) else ""
        said = f"Its token endpoint refused with status {status}{f' ({code})' if code else ''}"
        if code == "invalid_scope":
            detail = f"{said}: give the client the rights {', '.join(self._part.scopes)}"
            return Refusal(detail, name="authorization", status=403, title="A right is missing")
        detail = f"{said}; look at {self.change}"
        return Refusal(detail, name="authentication", status=_UNAUTHORIZED, title="The credentials are refused")


def _seconds(given: Any) -> float:
    if isinstance(given, str) and given.isdigit():
        given = int(given)
    is_number = isinstance(given, int | float) and not isinstance(given, bool) and given > 0
    return float(given) if is_number else _UNKNOWN_SECONDS
