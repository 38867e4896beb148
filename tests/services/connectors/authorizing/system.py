"""A system with an authorization server: codes with PKCE, refresh tokens that are new each time, things to read."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote_plus, urlencode, urlsplit

import msgspec

from services.connectors.simulators.http import Answered, Asked
from tests.services.connectors.declared.other import SECRET, Other, manifest, path_of, said

CLIENT = "client-of-the-tests"
RAW = "seconds-go-here"
AUTHENTICATION: dict[str, Any] = {
    "kind": "oauth2-code",
    "authorize_url": "oauth/authorize",
    "token_url": "oauth/token",
    "client_id": "client_id",
    "secret": "client_secret",
    "scopes": ["orders.read", "offline_access"],
    "parameters": {"access_type": "offline"},
}
SYSTEM = manifest(
    title="Example Books",
    authentication=AUTHENTICATION,
    settings={"properties": {"client_id": {"title": "Client", "type": "string"}}, "required": ["client_id"]},
    secrets={"client_secret": {"title": "Client secret"}},
)

MACHINE = {
    **SYSTEM,
    "authentication": {
        "kind": "oauth2", "token_url": "oauth/token", "client_id": "client_id", "secret": "client_secret"
    },
}  # fmt: skip
"""The same, which the client's own credentials open."""


class System(Other):
    """Takes the newest refresh token alone; one that comes again ends everything, as RFC 9700 (4.14.2) wants it.

    Attributes:
        renewals: refresh tokens that were taken; `codes`: those that were given and not taken yet.
        fetched: tokens that were given for the client's own credentials.
        live: access tokens that count.
        seconds: for how long they hold, as it says; bytes: as JSON that no library would write.
        named: what its answers say that it is; empty: nothing.
    """

    def __init__(self) -> None:
        super().__init__(self._handle)
        self.given = self.renewals = self.fetched = 0
        self.codes: dict[str, dict[str, str]] = {}
        self.live: set[str] = set()
        self.refresh = ""
        self.seconds: Any = 3600
        self.named = ""
        self.answers: list[Answered] = []
        """In place of the next answers of the token endpoint."""

    def consent(self, location: str) -> str:
        """A person signs in and allows it: the query that the browser brings back."""
        asked = dict(parse_qsl(urlsplit(location).query))
        assert location.startswith(f"{self.url}/api/oauth/authorize?")
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert (asked["client_id"], asked["scope"]) == (CLIENT, "orders.read offline_access")
        assert asked["access_type"] == "offline"
        self.given += 1
        code = f"code-of-somebody-{self.given}"
        self.codes[code] = asked
        named = {"iss": self.named} if self.named else {}
        return urlencode({"code": code, "state": asked["state"], **named})

    def _handle(self, asked: Asked) -> Answered:
        if path_of(asked) == "/api/oauth/authorize":
            address = f"{self.url}{asked.target}"
            back = dict(parse_qsl(urlsplit(address).query))["redirect_uri"]
            return said(None, 303, location=f"{back}?{self.consent(address)}")
        if path_of(asked) == "/api/oauth/token":
            return self.answers.pop(0) if self.answers else self._token(asked)
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        return said({"well": True}) if token in self.live else said({"detail": "no such token"}, 401)

    def _token(self, asked: Asked) -> Answered:
        pair = base64.b64encode(f"{CLIENT}:{quote_plus(SECRET)}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {pair}":
            return said({"error": "invalid_client"}, 401)
        fields = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        if fields["grant_type"] == "refresh_token":
            if fields["refresh_token"] != self.refresh or not self.refresh:
                self.live.clear()
                self.refresh = ""
                return said({"error": "invalid_grant"}, 400)
            self.renewals += 1
            return self._pair()
        if fields["grant_type"] == "client_credentials":
            self.fetched += 1
            access = f"canary-machine-{self.fetched:04}"
            self.live.add(access)
            return said({"access_token": access, "token_type": "Bearer", "expires_in": self.seconds})
        wanted = self.codes.pop(fields["code"], None)
        digest = hashlib.sha256(fields["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        is_good = wanted is not None and (wanted["code_challenge"], wanted["redirect_uri"]) == (
            challenge,
            fields["redirect_uri"],
        )
        return self._pair() if is_good else said({"error": "invalid_grant"}, 400)

    def _pair(self) -> Answered:
        self.given += 1
        access, self.refresh = f"canary-access-{self.given:04}", f"canary-refresh-{self.given:04}"
        self.live.add(access)
        is_raw = isinstance(self.seconds, bytes)
        more = {} if self.seconds is None else {"expires_in": RAW if is_raw else self.seconds}
        answer = said({"access_token": access, "refresh_token": self.refresh, "token_type": "Bearer", **more})
        if is_raw:
            answer = msgspec.structs.replace(answer, body=answer.body.replace(f'"{RAW}"'.encode(), self.seconds))
        return answer
