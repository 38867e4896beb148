"""What a connector is given for one call: its connection, its key, and a way out bound to both."""

from __future__ import annotations

import functools
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol, runtime_checkable
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from infra import clock, egress
from infra.encryption.secret import Secret
from infra.redaction import Hider
from services.connectors.sdk import allowance
from services.connectors.sdk.allowance import Allowance
from services.connectors.sdk.errors import Away, ErrorName, Refusal
from services.connectors.sdk.grant import Grant
from tenants.connections.limits import Limits
from tenants.connections.playbook import Playbook, Standing

_CERTIFICATE: Final = "have it renewed or its authority trusted, or correct the setting `base_url`"
_REASONS: Final = {
    "resolve": "its name has no address: is the setting `base_url` right?",
    "connect": "it does not accept connections: it is away, or the setting `base_url` is wrong",
    "timeout": "it did not answer in time",
    "cut": "the connection was cut before its answer",
    "too-large": "its answer was too large",
    "malformed": "its answer could not be read",
}


class Pair(msgspec.Struct, frozen=True):
    """What an authorization server gave. `seconds`: how long the access token holds; None: until it is refused.

    `scopes`: what it may; empty where the server does not say it here.
    """

    access: Secret
    refresh: Secret | None = None
    seconds: float | None = None
    scopes: frozenset[str] = frozenset()


Renew = Callable[[Secret], Awaitable[Pair]]
"""Asks for the next pair by a refresh token. Raises GrantOver, Refusal, Away."""
Fetch = Callable[[], Awaitable[Pair]]
"""Asks for a token by a connection's own credentials. Raises Refusal, Away."""


class GrantOver(Exception):
    """The authorization server does not take the refresh token or the code, for good; `args[0]` is its error's code."""


class Granted(Protocol):
    """What a person has authorised a connection to do: tokens that one process at a time renews."""

    async def access(self, leads_to: str, renew: Renew) -> Secret:
        """The access token that holds now, of a grant that was given for `leads_to`.

        Raises:
            Away: nobody has authorised the connection, or it ended; or it cannot be renewed now.
            Refusal: as `renew`.
        """
        ...

    @property
    def grant(self) -> Grant | None:
        """What is known of the access token that was handed out last."""
        ...

    def forget(self) -> bool:
        """The access token was refused; whether there was one."""
        ...


class Shares(Protocol):
    """The same of tokens that nobody has to authorise: one process at a time fetches one, and all use it."""

    async def fetched(self, leads_to: str, fetch: Fetch) -> Secret:
        """The access token that holds now and was given for `leads_to`.

        Raises:
            Away: as `fetch`; or another process is fetching it.
            Refusal: as `fetch`.
        """
        ...

    @property
    def grant(self) -> Grant | None:
        """See `Granted`."""
        ...

    def forget(self) -> bool:
        """See `Granted`."""
        ...


class OpenConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's connection with its secrets opened; lives for one call.

    Attributes:
        connector: name in the registry.
        limits: of its calls, over all workers.
        fallback: the connection that is read instead while this one is away.
        playbook: what becomes of its calls while that is entered; `standing`: whether it is, empty where it never was.
        revision: raised by every change of settings or secrets, so that a kept session of an older one is dropped.
        ref: public id, for people.
        hider: masks the secrets; None: it is made where it is needed.
        granted: what people authorised it to do; None: this process has none of that. `shared`: the same of tokens
            that nobody has to authorise; None: it fetches its own.
    """

    id: UUID
    connector: str
    settings: dict[str, Any]
    secrets: Mapping[str, Secret] = {}
    revision: int = 0
    ref: str = ""
    limits: Limits = Limits()
    fallback: UUID | None = None
    name: str = ""
    playbook: Playbook = Playbook()
    standing: Standing = ""
    hider: Hider | None = None
    granted: Granted | None = None
    shared: Shares | None = None

    def hides(self) -> Hider:
        """What masks its secrets."""
        return Hider(self.secrets.values()) if self.hider is None else self.hider


class Exchange(msgspec.Struct, frozen=True):
    """One request of a call, for the log. `outcome` is the status, or the kind of failure. No query, header or body."""

    method: str
    url: str
    outcome: str
    milliseconds: float


class Sender(Protocol):
    """The part of `egress.Client` that a connector needs."""

    async def send(self, tenant: UUID, request: egress.Request) -> egress.Response: ...


@runtime_checkable
class Plugs(Protocol):
    """The part of `egress.Client` that a connector needs whose system does not speak HTTP."""

    def plugged(self, tenant: UUID, dial: egress.Dial) -> AbstractAsyncContextManager[socket.socket]: ...


@runtime_checkable
class Dials(Protocol):
    """The same, of a system whose protocol is spoken by ourselves."""

    def dial(self, tenant: UUID, dial: egress.Dial) -> AbstractAsyncContextManager[egress.Wire]: ...


class Context:
    """One call of one operation.

    Attributes:
        key: idempotency key, equal in each repetition.
        identity: the certificate that is shown to the other side.
        exchanges: what was tried, in order.
        sent: whether a request may have reached the other side.
        quiet: whether what it comes to is read without the permission to see payloads, so that none of the other
            side's words may be in it.
        allowance: what the last answer that says so says is left.
        grant: what was given for the credentials, where those are exchanged for something.
    """

    def __init__(self, sender: Sender, tenant: UUID, connection: OpenConnection, key: str, attempt: int = 1) -> None:
        self._sender = sender
        self.tenant = tenant
        self.connection = connection
        self.key = key
        self.attempt = attempt
        self.identity: egress.Identity | None = None
        self.exchanges: list[Exchange] = []
        self.sent = False
        self.quiet = False
        self.allowance: Allowance | None = None
        self.grant: Grant | None = None

    @property
    def settings(self) -> dict[str, Any]:
        return self.connection.settings

    @property
    def secrets(self) -> Mapping[str, Secret]:
        return self.connection.secrets

    async def send(  # noqa: PLR0913 (the parts of a request)
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        credentials: Mapping[str, Secret] | None = None,
        body: bytes = b"",
        base: str | None = None,
    ) -> egress.Response:
        """Send to `path` below the connection's base URL, or below `base` of another origin; any status is an answer.

        Raises:
            Away: the network failed; `sent` says whether the request may have been acted upon.
            Refusal: a rule of the way out forbids the address.
        """
        try:
            start = self.settings["base_url"] if base is None else base
            request = egress.Request(
                method=method,
                url=egress.join(start, path),
                headers=headers or {},
                credentials=credentials or {},
                body=body,
                timeout=float(self.settings.get("timeout_seconds", 30)),
                destination=_destination(start, bool(self.settings.get("allow_http", False))),
                identity=self.identity,
            )
            return await self._exchange(request)
        except egress.Failed as error:
            name: ErrorName = "timeout" if error.kind == "timeout" else "communication"
            raise Away(reason(error), sent=error.sent, name=name) from error
        except egress.Refused as error:
            raise Refusal(error.detail, name="configuration", status=422, title=error.title) from error

    def plugged(self, dial: egress.Dial) -> AbstractAsyncContextManager[socket.socket]:
        """See `egress.Client.plugged`. Raises Refusal: who calls has a way out for HTTP alone."""
        if not isinstance(self._sender, Plugs):
            raise Refusal("Only HTTP goes out from here", name="configuration", title="There is no way out for it")
        return self._sender.plugged(self.tenant, dial)

    def dialled(self, dial: egress.Dial) -> AbstractAsyncContextManager[egress.Wire]:
        """See `egress.Client.dial`. Raises Refusal: who calls has a way out for HTTP alone."""
        if not isinstance(self._sender, Dials):
            raise Refusal("Only HTTP goes out from here", name="configuration", title="There is no way out for it")
        return self._sender.dial(self.tenant, dial)

    async def _exchange(self, request: egress.Request) -> egress.Response:
        """Send and keep the log."""
        started, outcome = clock.monotonic(), "refused"
        try:
            answer = await self._sender.send(self.tenant, request)
            outcome, self.sent = str(answer.status), True
            self.allowance = allowance.of(answer.headers) or self.allowance
        except egress.Failed as error:
            outcome, self.sent = error.kind, self.sent or error.sent
            raise
        else:
            return answer
        finally:
            spent = round((clock.monotonic() - started) * 1000, 1)
            self.exchanges.append(Exchange(request.method, request.url.partition("?")[0], outcome, spent))


def reason(error: egress.Failed) -> str:
    """What is waited for; of certificates what is wrong with them, which holds no secret."""
    if error.kind == "connect" and error.detail.startswith(egress.UNVERIFIED):
        told = error.detail.removeprefix(egress.UNVERIFIED).removeprefix(": ")
        return f"its certificate does not verify{f' ({told})' if told else ''}: {_CERTIFICATE}"
    if error.detail == egress.UNKNOWN_TO_IT:
        return "it takes no call without a client certificate that it knows: look at the certificate and its key"
    return _REASONS[error.kind]


@functools.lru_cache(maxsize=4096)
def _destination(base: str, allow_http: bool) -> egress.Destination:  # noqa: FBT001 (a key)
    """Raises Refused: `base` is no URL."""
    origin = egress.canonical_origin(base)
    port = urlsplit(origin).port
    return egress.Destination(
        allowed_origins=(origin,), allow_http=allow_http, ports=frozenset() if port is None else frozenset({port})
    )
