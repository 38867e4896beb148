"""An authorization server by Authlib behind aiohttp: it accepts or refuses what we send, by its own reading."""

from __future__ import annotations

import json
import secrets
from typing import Any

from aiohttp import web
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request, TokenMixin
from authlib.oauth2.rfc6749.grants import (
    BaseGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
    ResourceOwnerPasswordCredentialsGrant,
    TokenEndpointMixin,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwk

SECRET = "correct-horse-battery-staple_and.more"  # noqa: S105 (the test's own)
METHODS = ["client_secret_basic", "client_secret_post", "none", "client_assertion_jwt"]
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


class Program(ClientMixin):
    """The one client that is registered; `method` is how it has to say who it is."""

    def __init__(self, method: str) -> None:
        self.method = method

    def get_client_id(self) -> str:
        return "the-client"

    def get_allowed_scope(self, scope: str | None) -> str:
        return scope or ""

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(client_secret, SECRET)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return endpoint == "token" and method == self.method

    def check_grant_type(self, _grant: str) -> bool:
        return True


class Renewable(TokenMixin):
    def check_client(self, _client: ClientMixin) -> bool:
        return True

    def get_scope(self) -> str:
        return "api"


class Passwords(ResourceOwnerPasswordCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def authenticate_user(self, username: str, password: str) -> str | None:
        return username if (username, password) == ("anna", "pass word") else None


class Programs(ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS


class Renewals(RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Renewable | None:
        good = self.server.renewals
        if refresh_token not in good:
            return None
        good.discard(refresh_token)
        return Renewable()

    def authenticate_user(self, _token: Renewable) -> str:
        return "anna"

    def revoke_old_credential(self, _token: Renewable) -> None: ...


class Exchanges(BaseGrant, TokenEndpointMixin):
    """RFC 8693; Authlib has none of its own."""

    GRANT_TYPE = EXCHANGE
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def validate_token_request(self) -> None:
        self.request.client = self.authenticate_token_endpoint_client()
        form = self.request.form
        assert form["subject_token"] == "of-anna"  # noqa: S105 (the test's own, as below)
        assert form["subject_token_type"] == "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105
        assert form["actor_token"] == "of-the-robot"  # noqa: S105

    def create_token_response(self) -> Any:
        return 200, self.generate_token(user="anna", include_refresh_token=False), self.TOKEN_RESPONSE_HEADER


class Assertions(JWTBearerClientAssertion):
    def __init__(self, authority: Authority) -> None:
        super().__init__()
        self._authority = authority

    def get_audiences(self) -> list[str]:
        return [self._authority.token_url]

    def validate_jti(self, _claims: Any, jti: str) -> bool:
        fresh = jti not in self._authority.assertions
        self._authority.assertions.add(jti)
        return fresh

    def resolve_client_public_key(self, _client: ClientMixin) -> Any:
        return jwk.import_key(SECRET, "oct")


class Authority(AuthorizationServer):
    """Handlers for aiohttp, and what they saw. `tokens` are those that the resource takes."""

    def __init__(self, method: str = "client_secret_post", life: int = 3600) -> None:
        super().__init__()
        self.program = Program(method)
        self.url = ""
        self.path = "/oauth2/token"
        self.requests: list[dict[str, Any]] = []
        self.encodings: list[str] = []
        self.tokens: set[str] = set()
        self.renewals: set[str] = {"first-renewal"}
        self.assertions: set[str] = set()
        self.make_token = lambda: secrets.token_urlsafe(24)
        self.register_token_generator(
            "default", BearerTokenGenerator(self._access, self._renewal, lambda _client, _grant: life)
        )
        for grant in (Passwords, Programs, Renewals, Exchanges):
            self.register_grant(grant)
        self.register_client_auth_method("client_assertion_jwt", Assertions(self))

    @property
    def token_url(self) -> str:
        return self.url + self.path

    def _access(self, **_given: Any) -> str:
        token = self.make_token()
        self.tokens.add(token)
        return token

    def _renewal(self, **_given: Any) -> str:
        token = secrets.token_urlsafe(24)
        self.renewals.add(token)
        return token

    def query_client(self, client_id: str) -> Program | None:
        return self.program if client_id == "the-client" else None

    def save_token(self, token: Any, request: Any) -> None: ...

    def send_signal(self, *given: Any, **named: Any) -> None: ...

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        made: OAuth2Request = request
        return made

    def handle_response(self, status: int, body: Any, headers: Any) -> web.Response:
        return web.Response(text=json.dumps(body), status=status, headers=dict(headers))

    async def token(self, request: web.Request) -> web.StreamResponse:
        self.encodings.append(request.content_type)
        given: dict[str, Any] = dict(await request.post())
        if request.content_type == "application/json":
            given = await request.json()
        self.requests.append(given)
        read = _Request("POST", "https" + self.token_url.removeprefix("http"), headers=dict(request.headers))
        read.payload, read.fields = BasicOAuth2Payload(given), given
        answer: web.StreamResponse = self.create_token_response(read)
        return answer

    async def resource(self, request: web.Request) -> web.StreamResponse:
        """What is protected."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or token not in self.tokens:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        return web.json_response({"hello": "anna"})

    async def configuration(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"issuer": self.url, "token_endpoint": self.token_url})


class _Request(OAuth2Request):
    fields: dict[str, Any]

    @property
    def form(self) -> dict[str, Any]:
        return self.fields

    @property
    def args(self) -> dict[str, Any]:
        return {}
