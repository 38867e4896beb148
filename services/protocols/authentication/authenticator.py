"""Gives a request the credentials of its policy, and answers a challenge."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.egress import Client, Destination, Request, canonical_origin, request_target
from infra.encryption.secret import Secret
from services.protocols import errors
from services.protocols.authentication import digest
from services.protocols.authentication.policy import Policy, check_origin, fingerprint, read
from services.protocols.authentication.tokens import Tokens

_LINE: Final = frozenset("\r\n\0")
_EXCERPT: Final = 300
_SHORTEST: Final = 4


class Identity:
    """Who one call speaks for, by one policy.

    Args:
        origin: its credentials go there and nowhere else.
    """

    def __init__(self, tokens: Tokens, tenant: UUID, given: Mapping[str, Any] | None, origin: str) -> None:
        self._tokens = tokens
        self._tenant = tenant
        self._policy = read(given) or Policy()
        self._key = (tenant, fingerprint(given) if given else b"")
        self._is_nobody = given is None
        self._origin = canonical_origin(origin)
        self._token: str | None = None

    async def sign(self, request: Request) -> Request:
        """`request` with what is known before it is sent; unchanged when it goes to another origin.

        Raises:
            Refusal: there are no credentials to be had.
        """
        if self._is_nobody or canonical_origin(request.url) != self._origin:
            return request
        header = await self.header()
        return request if header is None else self._with(request, header)

    async def header(self) -> str | None:
        """The header `Authorization`, for protocols with headers of their own; None where a challenge comes first.

        Raises:
            Refusal: there are no credentials to be had.
        """
        policy = self._policy
        if policy.oauth2 is None and policy.oidc is None:
            check_origin(policy.origins, self._origin)
        if policy.basic is not None:
            pair = f"{policy.basic.username}:{policy.basic.password}".encode()
            return "Basic " + base64.b64encode(pair).decode()
        if policy.bearer is not None:
            return f"Bearer {_line(policy.bearer.token)}"
        grant = policy.oauth2 or policy.oidc
        if grant is not None:
            # What is secret of it goes to the authority; the call's own place gets the token alone.
            discover = policy.oidc is not None
            self._token = await self._tokens.get(self._key, grant, discover=discover, origins=policy.origins)
            return f"Bearer {self._token}"
        return None

    async def answer(self, request: Request, challenge: str) -> Request | None:
        """`request` once more, after status 401 with `challenge`; None where nothing better can be said.

        Raises:
            Refusal: there are no credentials to be had.
        """
        if self._is_nobody or canonical_origin(request.url) != self._origin:
            return None
        if self._policy.digest is not None:
            header = digest.answer(
                challenge,
                self._policy.digest,
                method=request.method,
                uri=request_target(request.url),
                body=request.body,
            )
            return None if header is None else self._with(request, header)
        header = await self.renewed()
        return None if header is None else self._with(request, header)

    async def renewed(self) -> str | None:
        """`header` with a new token, after the one before was refused; None where there is no better one.

        Raises:
            Refusal: there are no credentials to be had.
        """
        if self._token is None:
            return None
        self._tokens.drop(self._key, self._token)
        return await self.header()

    def without_secrets(self, words: str) -> str:
        """The other side's words, at most 300 characters of one line, with every secret of the policy blanked."""
        for secret in sorted(self._secrets(), key=len, reverse=True):
            words = words.replace(secret, "***")
        return " ".join(words.split())[:_EXCERPT]

    def _secrets(self) -> set[str]:
        found = {self._token} if self._token else set()
        if (password := self._policy.basic or self._policy.digest) is not None:
            pair = f"{password.username}:{password.password}".encode()
            found |= {str(password.password), base64.b64encode(pair).decode()}
        if self._policy.bearer is not None:
            found.add(self._policy.bearer.token)
        grant = self._policy.oauth2 or self._policy.oidc
        if grant is not None:
            held = [grant.password, grant.client and grant.client.secret, grant.client and grant.client.assertion]
            held += [token.token for token in (grant.subject, grant.actor) if token is not None]
            found |= {str(one) for one in held if one}
        return {one for one in found if len(one) >= _SHORTEST}

    def password(self) -> tuple[str, str] | None:
        """User name and password, for protocols that take them themselves.

        Raises:
            Refusal: `configuration`: the policy is another one. `authorization`: it may not be used here.
        """
        if self._is_nobody:
            return None
        check_origin(self._policy.origins, self._origin)
        if self._policy.basic is None:
            raise errors.configuration("Unusable authentication", "this protocol takes `basic` only: name and password")
        return str(self._policy.basic.username), str(self._policy.basic.password)

    def _with(self, request: Request, header: str) -> Request:
        return msgspec.structs.replace(
            request,
            credentials={**request.credentials, "Authorization": Secret(header)},
            destination=msgspec.structs.replace(request.destination, allowed_origins=(self._origin,)),
        )


class Authenticator:
    """Makes identities; keeps the tokens of all of them."""

    def __init__(self, client: Client, destination: Destination) -> None:
        self._tokens = Tokens(client, destination)

    def identity(self, tenant: UUID, given: Mapping[str, Any] | None, origin: str) -> Identity:
        """Of an evaluated policy, bound to the origin of the URL `origin`.

        Raises:
            Refusal: `configuration`: the policy cannot be read.
            Refused: of egress: the URL cannot be called at all.
        """
        return Identity(self._tokens, tenant, given, origin)


def _line(token: str) -> str:
    if not token or not token.isascii() or _LINE & set(token):
        raise errors.configuration("Unusable authentication", "the bearer token is empty or holds a line break")
    return token
