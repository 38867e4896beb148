"""What a key may do, written once (house rule 10): the permissions, and which scope may hold which."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """Whom a key speaks for. Each stands above the next."""

    OPERATOR = "operator"
    PARTNER = "partner"
    CLIENT = "client"


class Permission(StrEnum):
    """`resource:action`."""

    PARTNERS_READ = "partners:read"
    PARTNERS_WRITE = "partners:write"
    CLIENTS_READ = "clients:read"
    CLIENTS_WRITE = "clients:write"
    CLIENTS_ACT = "clients:act"
    BRAND_READ = "brand:read"
    BRAND_WRITE = "brand:write"
    DOMAINS_READ = "domains:read"
    DOMAINS_WRITE = "domains:write"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    KEYS_ISSUE = "keys:issue"
    AUDIT_READ = "audit:read"
    TEMPLATES_READ = "templates:read"
    CONNECTIONS_READ = "connections:read"
    CONNECTIONS_WRITE = "connections:write"
    WORKFLOWS_READ = "workflows:read"
    WORKFLOWS_WRITE = "workflows:write"
    DEPLOYMENTS_READ = "deployments:read"
    DEPLOYMENTS_WRITE = "deployments:write"
    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    RUNS_READ = "runs:read"
    RUNS_WRITE = "runs:write"
    PAYLOADS_READ = "payloads:read"
    PAYLOADS_MASKED = "payloads:masked"
    RECORDS_READ = "records:read"
    RECORDS_WRITE = "records:write"
    TASKS_WORK = "tasks:work"
    TASKS_MANAGE = "tasks:manage"
    HOLDS_WRITE = "holds:write"
    HOLDS_OVERRIDE = "holds:override"
    USAGE_READ = "usage:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    ROLES_WRITE = "roles:write"
    PROVIDERS_WRITE = "providers:write"
    SCIM_WRITE = "scim:write"
    AUTHORITY_WRITE = "authority:write"


_P = Permission

MANAGEMENT: Final = frozenset(
    {_P.AUDIT_READ, _P.TEMPLATES_READ, _P.CONNECTIONS_READ, _P.CONNECTIONS_WRITE, _P.WORKFLOWS_READ}
    | {_P.WORKFLOWS_WRITE, _P.DEPLOYMENTS_READ, _P.DEPLOYMENTS_WRITE, _P.RUNS_READ, _P.RUNS_WRITE, _P.USAGE_READ}
    | {_P.WEBHOOKS_READ, _P.RECORDS_READ, _P.RECORDS_WRITE, _P.HOLDS_WRITE, _P.TASKS_WORK, _P.TASKS_MANAGE}
)
"""What brings a client live and keeps it running, without a look into its payloads."""

PAYLOADS: Final = frozenset({_P.PAYLOADS_READ, _P.PAYLOADS_MASKED, _P.EVENTS_READ})
"""The client's own business data. A key above the client never holds these: that takes the client's grant (S-05)."""

PEOPLE: Final = frozenset({_P.PEOPLE_READ, _P.PEOPLE_WRITE, _P.ROLES_WRITE, _P.PROVIDERS_WRITE, _P.SCIM_WRITE})
"""Who is let in and what they may. No key has these unless its maker names them."""

AUTHORITY: Final = frozenset({_P.AUTHORITY_WRITE})
"""Who may say who decides: no key has it unless its maker names it, nobody while they act as a client (ADR 0100)."""

DEFAULTS: Final[Mapping[Scope, frozenset[Permission]]] = {
    Scope.OPERATOR: frozenset(
        {_P.PARTNERS_READ, _P.PARTNERS_WRITE, _P.CLIENTS_READ, _P.CLIENTS_WRITE, _P.KEYS_READ, _P.KEYS_WRITE}
        | {_P.KEYS_ISSUE, _P.AUDIT_READ, _P.TEMPLATES_READ}
    ),
    Scope.PARTNER: MANAGEMENT
    | {_P.CLIENTS_READ, _P.CLIENTS_WRITE, _P.BRAND_READ, _P.BRAND_WRITE, _P.DOMAINS_READ, _P.DOMAINS_WRITE}
    | {_P.KEYS_READ, _P.KEYS_WRITE, _P.KEYS_ISSUE},
    Scope.CLIENT: MANAGEMENT | PAYLOADS | {_P.EVENTS_WRITE, _P.KEYS_READ, _P.KEYS_WRITE, _P.WEBHOOKS_WRITE},
}
"""What a key gets when its maker names nothing."""

ALLOWED: Final[Mapping[Scope, frozenset[Permission]]] = {
    Scope.OPERATOR: DEFAULTS[Scope.OPERATOR],
    Scope.PARTNER: DEFAULTS[Scope.PARTNER] | PEOPLE | AUTHORITY | {_P.EVENTS_WRITE, _P.CLIENTS_ACT},
    Scope.CLIENT: DEFAULTS[Scope.CLIENT] | PEOPLE | AUTHORITY | {_P.HOLDS_OVERRIDE},
}
"""The most that a key, an account or a role of a scope may ever hold."""

ACTING: Final = (
    ALLOWED[Scope.CLIENT]
    - PAYLOADS
    - PEOPLE
    - AUTHORITY
    - {_P.KEYS_READ, _P.KEYS_WRITE, _P.EVENTS_WRITE, _P.WEBHOOKS_WRITE, _P.HOLDS_OVERRIDE}
)
"""What a partner's person may do as one of its clients, at most: no look into payloads, which a webhook would send out,
and nobody let in (S-05)."""

ACCOUNT: Final = frozenset(
    {_P.RUNS_READ, _P.RUNS_WRITE, _P.EVENTS_READ, _P.EVENTS_WRITE, _P.DEPLOYMENTS_READ, _P.TEMPLATES_READ}
    | {_P.CONNECTIONS_READ, _P.PAYLOADS_MASKED, _P.RECORDS_READ, _P.RECORDS_WRITE, _P.TASKS_WORK, _P.HOLDS_WRITE}
)
"""What an account gets when its maker names nothing: the day's work, with what is private in payloads masked."""

BELOW: Final[Mapping[Scope, Scope | None]] = {
    Scope.OPERATOR: Scope.PARTNER,
    Scope.PARTNER: Scope.CLIENT,
    Scope.CLIENT: None,
}


def grantable(scope: Scope, held: AbstractSet[Permission], target: Scope) -> frozenset[Permission]:
    """What a key of `scope` that holds `held` may give to a key of scope `target` (S-05, S-68, ADR 0065).

    Nobody grants what they lack, at their own level or one below, where `keys:issue` lets them make keys at all. The
    one declared exception is the operator's: somebody must hand a partner its first key, and no permission of a
    partner's shows a payload. The issuing stands in the audit log of whom it is for.
    """
    if target is not scope and (BELOW[scope] is not target or Permission.KEYS_ISSUE not in held):
        return frozenset()
    return ALLOWED[target] if scope is Scope.OPERATOR and target is Scope.PARTNER else ALLOWED[target] & held
