"""Who may knock at a route, and what the row of the route makes of each (S-01)."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from services.api.policy import PREFIX, Rule
from tenants.identity.permissions import ALLOWED, PAYLOADS, Scope
from tests.asgi import Caller
from tests.services.api.parties import Parties
from tests.services.api.walk import named_in

Refusal = Literal["unknown", "wrong scope", "not permitted", "grant needed", "suspended"]
Expected = Refusal | Literal["no such tenant", "no such thing", "enters"]


class Somebody(msgspec.Struct, frozen=True):
    """Who calls for things of acme's in `live`, and of its partner north's.

    Attributes:
        scope: of the key; None: no live key.
        is_within: of acme in `live` itself, or above it.
        is_suspended: acme is, whose key it is or whose partner's.
        named: what it calls otherwise than the owner does.
    """

    name: str
    caller: Caller
    scope: Scope | None
    is_within: bool = False
    is_suspended: bool = False
    named: dict[str, str] = {}


def living(everybody: Parties, expired: Caller, revoked: Caller) -> tuple[Somebody, ...]:
    """Those of `everybody` hold whatever one of their scope may: nothing is refused for want of it by chance."""
    by_id = {"client": everybody.ids["acme"]}  # a slug is its partner's
    return (
        Somebody("nobody", everybody.nobody, None),
        Somebody("with an expired key", expired, None),
        Somebody("with a revoked key", revoked, None),
        Somebody("a client of the same partner", everybody.sibling, Scope.CLIENT),
        Somebody("the client in another environment", everybody.acme_test, Scope.CLIENT),
        Somebody("a client of another partner", everybody.foreign, Scope.CLIENT),
        Somebody("another partner", everybody.south, Scope.PARTNER),
        Somebody("the operator", everybody.operator, Scope.OPERATOR, is_within=True, named=by_id),
        Somebody("the partner above", everybody.north, Scope.PARTNER, is_within=True),
        Somebody("the client", everybody.acme, Scope.CLIENT, is_within=True),
    )


def suspended(everybody: Parties) -> tuple[Somebody, ...]:
    """Once acme is."""
    client, above = "the client, suspended", "the partner above a suspended client"
    return (
        Somebody(client, everybody.acme, Scope.CLIENT, is_within=True, is_suspended=True),
        Somebody(above, everybody.north, Scope.PARTNER, is_within=True, is_suspended=True),
    )


IDENTITIES: Final = 13
"""Those, and the client once it is disabled."""


def expected(who: Somebody, method: str, template: str, rule: Rule) -> Expected:
    """What the row of the route says of `who`."""
    if who.scope is None:
        return "unknown"
    if who.scope not in rule.scopes:
        return "wrong scope"
    if rule.is_tenant and not _is_in_tenant(who, who.scope, template):
        return "no such tenant"
    refusal = _refusal(who, who.scope, method, rule)
    if refusal is None and not who.is_within and _is_anothers(template):
        return "no such thing"
    return refusal or "enters"


def _refusal(who: Somebody, scope: Scope, method: str, rule: Rule) -> Refusal | None:
    if rule.permission is not None and rule.permission not in ALLOWED[scope]:
        return "grant needed" if rule.permission in PAYLOADS and scope is not Scope.CLIENT else "not permitted"
    # Whoever is above a suspended client changes nothing in it.
    is_at_rest = who.is_suspended and (rule.is_tenant or scope is Scope.CLIENT)
    return "suspended" if is_at_rest and method != "GET" else None


def _is_in_tenant(who: Somebody, scope: Scope, template: str) -> bool:
    if template.startswith(PREFIX):
        return who.is_within
    return scope is Scope.CLIENT  # whose own tenant it is, whatever is named in it


def _is_anothers(template: str) -> bool:
    return bool(named_in(template)) or "{client}" in template or "{partner}" in template
