"""The kinds of authentication that need nothing but the connection, and the protocol that all of them fill."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote

import msgspec

from infra import clock, egress
from infra.egress import Response
from infra.egress.sigv4 import Signer
from infra.encryption.secret import Secret
from services.connectors.declared import document
from services.connectors.declared.requests import Outgoing
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Refusal


class Signed(msgspec.Struct, frozen=True):
    """A request with its credentials, which egress attaches for the connection's origin alone."""

    outgoing: Outgoing
    credentials: Mapping[str, Secret] = {}


class Credentials(Protocol):
    async def sign(self, outgoing: Outgoing, context: Context) -> Signed:
        """`outgoing` with what says who it is.

        Raises:
            Refusal: the connection lacks a part of it, or the other side refuses it.
            Away: it cannot be had now; the call itself has not been sent.
        """
        ...

    def has_ended(self, response: Response, context: Context) -> bool:
        """Whether `response` says that what was fetched for the connection does not hold; it is forgotten then."""
        ...

    def forget(self, context: Context) -> bool:
        """Forget what was fetched for the connection, and whether there was anything."""
        ...

    @property
    def change(self) -> str:
        """What a person looks at when they are refused: its settings and secrets."""
        ...


def secret(context: Context, name: str) -> Secret:
    """Raises Refusal where the connection has none of this name."""
    found = context.secrets.get(name)
    if found is None:
        raise Refusal(f"The connection lacks its secret `{name}`", name="configuration", title="A secret is missing")
    return found


def setting(context: Context, name: str) -> str:
    """Raises Refusal where the connection has none of this name."""
    found = context.settings.get(name)
    if found in {None, ""}:
        raise Refusal(f"The connection lacks its setting `{name}`", name="configuration", title="A setting is missing")
    return str(found)


def identity(part: document.ClientCertificate, context: Context) -> egress.Identity:
    """What TLS shows. Raises Refusal where the connection lacks a part of it."""
    return egress.Identity(setting(context, part.certificate), secret(context, part.key))


class _Fixed:
    """What is known without asking anybody."""

    def has_ended(self, response: Response, context: Context) -> bool:
        """Never."""
        del response, context
        return False

    def forget(self, context: Context) -> bool:
        """There is nothing."""
        del context
        return False


class Nobody(_Fixed):
    change = "nothing: it asks for no credentials"

    async def sign(self, outgoing: Outgoing, context: Context) -> Signed:
        del context
        return Signed(outgoing)


class Header(_Fixed):
    """A secret in a header, behind a prefix such as `Bearer `."""

    def __init__(self, header: str, name: str, prefix: str = "") -> None:
        self._header = header
        self._name = name
        self._prefix = prefix
        self.change = f"the secret `{name}`"

    async def sign(self, outgoing: Outgoing, context: Context) -> Signed:
        value = secret(context, self._name)
        return Signed(outgoing, {self._header: Secret(self._prefix + value.reveal()) if self._prefix else value})


class Basic(_Fixed):
    def __init__(self, part: document.Basic) -> None:
        self._part = part
        self.change = f"the setting `{part.user}` and the secret `{part.secret}`"

    async def sign(self, outgoing: Outgoing, context: Context) -> Signed:
        user, password = setting(context, self._part.user), secret(context, self._part.secret)
        return Signed(outgoing, {"Authorization": pair(user, password)})


def pair(user: str, password: Secret) -> Secret:
    """Of HTTP's Basic scheme (RFC 7617)."""
    return Secret("Basic " + base64.b64encode(f"{user}:{password.reveal()}".encode()).decode())


class Query(_Fixed):
    """A secret in the query: addresses are logged without theirs, here and nowhere else; a header is better."""

    def __init__(self, part: document.QueryKey) -> None:
        self._part = part
        self.change = f"the secret `{part.secret}`"

    async def sign(self, outgoing: Outgoing, context: Context) -> Signed:
        value = secret(context, self._part.secret)
        mark = "&" if "?" in outgoing.path else "?"
        path = f"{outgoing.path}{mark}{self._part.parameter}={quote(value.reveal(), safe='')}"
        return Signed(msgspec.structs.replace(outgoing, path=path))


class Aws(_Fixed):
    """Signature Version 4."""

    def __init__(self, part: document.Aws) -> None:
        self._part = part
        self.change = f"the settings `{part.key_id}` and `{part.region}` and the secret `{part.secret}`"

    async def sign(self, outgoing: Outgoing, context: Context) -> Signed:
        signer = Signer(
            access_key=setting(context, self._part.key_id),
            secret_key=secret(context, self._part.secret),
            region=setting(context, self._part.region),
            service=self._part.service,
        )
        url = egress.join(context.settings["base_url"], outgoing.path)
        signed = signer.sign(outgoing.method, url, outgoing.headers, outgoing.body, clock.now())
        headers = {**outgoing.headers, **signed.headers}
        return Signed(msgspec.structs.replace(outgoing, headers=headers), signed.credentials)
