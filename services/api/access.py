"""Who calls, for whom, and whether they may: decided before a handler runs and before a body is read."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from infra import clock, ids
from infra.database import Database
from infra.database import Scope as Rows
from infra.problems import Forbidden, NotFound, Unauthorized
from infra.telemetry import working_for
from services.api import deprecations, timing
from services.api.call import Call, TenantOfCall
from services.api.client_network import address_of
from services.api.errors import BadParameter, MethodNotAllowed, NeedsClientGrant, NetworkNotAllowed, UnknownParameter
from services.api.policy import POLICY, Rule
from services.api.scim import paging
from services.api.scim.errors import is_scim
from services.api.throttle import HEADERS
from tenants.identity import proving
from tenants.identity.networks import is_in
from tenants.identity.permissions import PAYLOADS, Scope
from tenants.identity.principal import Principal
from tenants.identity.tokens import BEGINS as KEY_BEGINS
from tenants.organizations import service as organizations
from tenants.organizations.errors import ClientSuspended
from tenants.organizations.names import is_slug

ADMISSION: Final = "admission"
"""Where the state of a request holds who admits it, when that is not by API key."""
OF_PARTNER: Final = "of_partner"
"""Where it holds whose host the request came to, when that is a partner's own for the API."""
ISSUER: Final = "issuer"
"""Where it holds that host's address, by which tokens are issued and taken there."""
_SCHEME: Final = "bearer "
_REMEMBERED_SECONDS: Final = 2.0
_REMEMBERED_TENANTS: Final = 10_000
_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


class Admission(Protocol):
    """Says who makes a call, by whatever proof its way in takes.

    Raises:
        Unauthorized: nobody that is known.
    """

    async def __call__(self, call: Call, *, passing: bool) -> Principal:
        """`passing`: the call is only looked at again; it is no activity."""


async def guard(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Runs for every route.

    Raises:
        Unauthorized: no live key.
        NotFound: another's tenant, or none.
        Forbidden: known, but not allowed; `services.api.denials` writes it down.
        ClientSuspended: it would change something of a client that is suspended.
        TooManyRequests: known, and too often there.
        UnknownParameter, BadParameter: the query holds what the route does not read.
        BadActiveSeconds: how long a person was at it cannot be read.
    """
    if not isinstance(connection, Call):
        raise TypeError("the application's request class is Call")
    method, template = connection.scope["method"], connection.scope["path_template"]
    rule = POLICY.get((method, template))
    if rule is None:
        raise MethodNotAllowed(offered for offered, path in POLICY if path == template)
    deprecation = deprecations.of((method, template))
    if deprecation is not None:
        connection.scope["state"][HEADERS] += deprecation.headers()
    if any("\0" in str(part) for part in connection.path_params.values()):
        # PostgreSQL holds no NUL, so nothing has this name.
        raise NotFound
    if not rule.is_public:
        await _admit(connection, rule)
        timing.begin(connection.scope, connection.principal)
    if connection.scope["query_string"]:
        _check_query(connection)


async def _admit(call: Call, rule: Rule, *, passing: bool = False) -> None:
    principal = await _authenticate(call, passing=passing)
    state = call.scope["state"]
    state["principal"] = principal
    if principal.scope not in rule.scopes:
        raise Forbidden(f"Callers of scope {principal.scope} have no use for this route")
    if rule.is_tenant:
        state["tenant"] = await _tenant_of(call, principal)
        working_for(state["tenant"].tenant_id)
    if not passing:
        # Keys make keys: all of a client's, or of a partner's, have one allowance together (S-66).
        whose = state["tenant"].tenant_id if rule.is_tenant else principal.tenant_id or principal.partner_id
        call.resources.throttle.admit(call.scope, principal, whose)
    if rule.permission is None or rule.permission in principal.permissions:
        is_suspended = principal.is_suspended or (rule.is_tenant and state["tenant"].is_suspended)
        if is_suspended and call.scope["method"] != "GET":
            raise ClientSuspended("The client is suspended: nothing was stored. Send it again after it is resumed")
        if rule.is_dangerous and principal.account_id is not None:
            proving.check(principal)
        return
    if rule.permission in PAYLOADS and principal.scope is not Scope.CLIENT:
        raise NeedsClientGrant("These data are the client's own; a key from above it reads them only under its grant")
    raise Forbidden(f"The permission {rule.permission} is needed", permission=rule.permission)


async def is_still_admitted(call: Call) -> bool:
    """Whether the caller of a long answer may go on with it: still live, its tenant active (S-06).

    Asking is no activity of the caller's: a session that rests ends under a page that is left open.
    """
    rule = POLICY[call.scope["method"], call.scope["path_template"]]
    try:
        await _admit(call, rule, passing=True)
    except (Unauthorized, Forbidden, NotFound):
        return False
    return True


async def _authenticate(call: Call, *, passing: bool) -> Principal:
    # Another door of the same house, where a request came in by it: the edge alone writes this state.
    other: Admission | None = call.scope["state"].get(ADMISSION)
    if other is not None:
        return await other(call, passing=passing)
    given = [value for name, value in call.scope["headers"] if name == b"authorization"]
    # Only the header counts: a cookie or a query parameter never authenticates (S-64, S-65).
    if len(given) != 1:
        raise Unauthorized("Send one header 'Authorization: Bearer <API key>'", headers=_CHALLENGE)
    text = given[0].decode("latin-1")
    principal = None
    if text[: len(_SCHEME)].lower() == _SCHEME:
        principal = await _holder_of(call, text[len(_SCHEME) :].strip())
    if principal is None or not is_of_host(call, principal):
        call.resources.throttle.failed(call.scope)
        raise Unauthorized("The API key or access token is unknown, revoked or expired", headers=_CHALLENGE)
    check_network(call, principal)
    if principal.key_id is not None:
        call.resources.uses.note(principal.key_id)
    return principal


async def _holder_of(call: Call, text: str) -> Principal | None:
    """Who a bearer is: by an API key, or by an access token that was got with one and gives no more than that one."""
    if text.startswith(KEY_BEGINS):
        return await call.resources.keyring.authenticate(text)
    granted = call.resources.access_tokens.read(text, issuer_of(call))
    if granted is None:
        return None
    principal = await call.resources.keyring.holder(granted.key_id)
    if principal is None:
        return None
    permissions = principal.permissions & granted.permissions
    # What a token makes ends with it, or else ten minutes would last for ever (S-68).
    return msgspec.structs.replace(principal, permissions=permissions, expires_at=granted.expires_at)


def is_of_host(call: Call, principal: Principal) -> bool:
    """On a partner's own API host there is nobody but the partner and its clients (S-07)."""
    return bool(principal.partner_id == call.scope["state"].get(OF_PARTNER, principal.partner_id))


def issuer_of(call: Call) -> str:
    """Who issues tokens where the call came in, and takes them there alone."""
    found: str = call.scope["state"].get(ISSUER, call.resources.access_tokens.issuer)
    return found


def check_network(call: Call, principal: Principal) -> None:
    """Hold a key to the networks that it may be used from.

    Raises:
        NetworkNotAllowed: the request came from elsewhere.
    """
    if not principal.networks:
        return
    if not is_in(principal.networks, address_of(call.scope, call.resources.settings.trusted_proxies)):
        # Whoever has a key's text is told that it is good, and no more than that.
        raise NetworkNotAllowed("This key may not be used from this network; its holder can make one that may")


async def _tenant_of(call: Call, principal: Principal) -> TenantOfCall:
    client, environment = call.path_params.get("client"), call.path_params.get("environment")
    if principal.scope is Scope.CLIENT:
        own = _own_tenant(principal)
        if client is not None and (
            environment != own.environment or client not in {own.client_slug, ids.show("cli", own.client_id)}
        ):
            raise NotFound
        return own
    if client is None:
        raise NotFound("A partner's key names the client: /v1/clients/{client}/{environment}/…")
    if principal.partner_id is None or not is_slug(str(environment)):
        raise NotFound
    directory: TenantDirectory = call.app.state.directory
    found = await directory.find(principal.partner_id, str(client), str(environment))
    if found is None:
        raise NotFound
    return found


def _own_tenant(principal: Principal) -> TenantOfCall:
    if (
        principal.tenant_id is None
        or principal.partner_id is None
        or principal.client_id is None
        or principal.client_slug is None
        or principal.environment is None
    ):
        raise Unauthorized(headers=_CHALLENGE)
    return TenantOfCall(
        tenant_id=principal.tenant_id,
        partner_id=principal.partner_id,
        client_id=principal.client_id,
        client_slug=principal.client_slug,
        environment=principal.environment,
        is_suspended=principal.is_suspended,
    )


class TenantDirectory:
    """Finds a partner's tenants by client and environment; an answer is good for two seconds (S-06: at most 5)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[tuple[UUID, str, str], tuple[float, TenantOfCall]] = {}

    async def find(self, partner_id: UUID, client: str, environment: str) -> TenantOfCall | None:
        """The tenant of a client (slug or `cli_…`) of this partner; None: unknown, another's, or disabled."""
        key = (partner_id, client, environment)
        known = self._known.get(key)
        if known is not None and known[0] > clock.monotonic():
            return known[1]
        until = clock.monotonic() + _REMEMBERED_SECONDS
        found = await self._read(partner_id, client, environment)
        if found is not None:
            if len(self._known) >= _REMEMBERED_TENANTS:
                self._known.clear()
            self._known[key] = (until, found)
        return found

    def forget(self) -> None:
        """Ask the database again for every tenant."""
        self._known.clear()

    async def _read(self, partner_id: UUID, client: str, environment: str) -> TenantOfCall | None:
        async with self._database.session(Rows.partner(partner_id)) as session:
            try:
                row = await organizations.find_client(session, partner_id, client)
                tenant = await organizations.find_tenant(session, row, environment)
            except NotFound:
                return None
        if row.status not in {"active", "suspended"}:
            return None
        return TenantOfCall(
            tenant_id=tenant.tenant_id,
            partner_id=partner_id,
            client_id=row.client_id,
            client_slug=row.slug,
            environment=environment,
            is_suspended=row.status == "suspended",
        )


def _check_query(call: Call) -> None:
    known: Collection[str] = call.app.state.parameters.get(
        (call.scope["method"], call.scope["path_template"]), frozenset()
    )
    seen: set[str] = set()
    for name, value in call.query_pairs():
        if name not in known:
            if name in paging.PASSED_OVER and is_scim(call.scope["path_template"]):
                continue
            shown = name[:64].encode("ascii", "replace").decode()
            raise UnknownParameter(f"Unknown query parameter '{shown}'", parameter=shown)
        if name in seen:
            raise UnknownParameter(f"Query parameter '{name}' is given twice", parameter=name)
        if "\0" in value:
            raise BadParameter(f"Query parameter '{name}' holds a NUL character", parameter=name)
        seen.add(name)
