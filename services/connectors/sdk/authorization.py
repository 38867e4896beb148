"""How a connection is authorised by a person: an authorization code with PKCE (RFC 6749, 4.1; RFC 7636; RFC 9700)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Literal, Protocol, runtime_checkable
from urllib.parse import urlencode, urlsplit

import msgspec

from infra import egress
from infra.egress.target import parse
from services.connectors.sdk.errors import Refusal

ClientProof = Literal["basic", "post", "none"]


class CodeGrant(msgspec.Struct, frozen=True, kw_only=True):
    """What one connection's settings make of its connector's authentication.

    Attributes:
        connector: its name; each has a return address of its own (S-61).
        base_url: the only address that access tokens go to.
        authorize_url: where the person's browser is sent; `token_url`: where codes and refresh tokens go.
        secret: name of the client's secret; empty: the client has none.
        issuer: what answers name; empty: nothing, or an address of the authorize address' origin.
        parameters: more of the authorize address' query.
    """

    connector: str
    base_url: str
    authorize_url: str
    token_url: str
    client_id: str
    secret: str = ""
    client: ClientProof = "basic"
    scopes: tuple[str, ...] = ()
    issuer: str = ""
    parameters: Mapping[str, str] = {}

    @property
    def leads_to(self) -> str:
        """Digest of where codes and tokens go: what was granted for one is used for no other."""
        parts = [self.connector, self.base_url, self.authorize_url, self.token_url, self.client_id]
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()

    def location(self, *, redirect_uri: str, state: str, verifier: str) -> str:
        """Where the browser goes, always with PKCE S256."""
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            **self.parameters,
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        if self.scopes:
            query["scope"] = " ".join(self.scopes)
        mark = "&" if urlsplit(self.authorize_url).query else "?"
        return f"{self.authorize_url}{mark}{urlencode(query)}"

    def is_of(self, issuer: str | None) -> bool:
        """Whether an answer that names `issuer` is of the server that was asked (RFC 9207, S-59)."""
        if self.issuer:
            return issuer == self.issuer
        return issuer is None or _origin(issuer) == _origin(self.authorize_url)


@runtime_checkable
class Authorizes(Protocol):
    """What a connector has beside `Connector` where people may authorise its connections."""

    def code_grant(self, settings: Mapping[str, Any]) -> CodeGrant | None:
        """None where its connections are authorised otherwise. Raises Refusal: a setting is missing or no good."""
        ...


def checked(grant: CodeGrant, *, is_set: bool) -> CodeGrant:
    """`grant`, where its addresses may be used. `is_set`: a setting gives one of them.

    Where settings give an address, both are of one origin: else whoever configures a connection could have a person
    sign in at an honest server, and its code sent to another one (mix-up, S-59, S-61).

    Raises:
        Refusal: an address is no https address, or they are of two origins.
    """
    for name, url in (("authorize", grant.authorize_url), ("token", grant.token_url)):
        if not _is_usable(url):
            raise _refused(f"The {name} address is no https address, or names a user or a fragment")
    if is_set and _origin(grant.authorize_url) != _origin(grant.token_url):
        raise _refused("The authorize address and the token address are of two origins; give those of one server")
    return grant


def _is_usable(url: str) -> bool:
    """https, or this machine's own, as tests and trials have it."""
    try:
        origin = parse(url).origin
    except egress.Refused:
        return False
    is_local = origin.host == "localhost" or (origin.address is not None and origin.address.is_loopback)
    return url.isascii() and (origin.scheme == "https" or is_local)


def _origin(url: str) -> str | None:
    try:
        return egress.canonical_origin(url)
    except egress.Refused:
        return None


def _refused(detail: str) -> Refusal:
    return Refusal(detail, name="configuration", title="The authorization's address is no good")
