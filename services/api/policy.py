"""Who may call what, written once (house rule 10).

A route without a row here stops the process at its start, and a test walks the route table against these rows (S-01).
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from tenants.identity.permissions import Permission, Scope

Route = tuple[str, str]
"""Method and path, such as `("GET", "/v1/clients/{client}")`."""

P: Final = Permission  # the table below is read by column

PREFIX: Final = "/v1/clients/{client}/{environment}"
_PARAMETER_TYPES: Final = ":str"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What a route asks of its caller.

    Attributes:
        permission: that the key must hold; None: any live key of the scopes.
        scopes: of keys that may call at all.
        is_public: answered without a key.
        is_tenant: about one tenant, under the prefix of its client and environment; a client's own key may omit it.
    """

    permission: Permission | None = None
    scopes: frozenset[Scope] = frozenset()
    is_public: bool = False
    is_tenant: bool = False


def tenant_paths(suffix: str) -> list[str]:
    """Both paths of a tenant route, for its handler: `@get(tenant_paths("/runs"))`."""
    return [f"/v1{suffix}", PREFIX.replace("}", f"{_PARAMETER_TYPES}}}") + suffix]


_ALL: Final = frozenset(Scope)
_OPERATOR: Final = frozenset({Scope.OPERATOR})
_ABOVE_CLIENT: Final = frozenset({Scope.OPERATOR, Scope.PARTNER})
# The operator runs the installation and has no business inside a tenant.
_IN_TENANT: Final = frozenset({Scope.PARTNER, Scope.CLIENT})

_PUBLIC: Final = Rule(is_public=True)

_PLAIN: Final[tuple[tuple[str, str, Rule], ...]] = (
    ("GET", "/health/live", _PUBLIC),
    ("GET", "/health/ready", _PUBLIC),
    ("GET", "/problems/{name}", _PUBLIC),
    ("GET", "/v1/openapi.json", _PUBLIC),
    ("GET", "/docs", _PUBLIC),
    ("GET", "/docs/{name}", _PUBLIC),
    ("GET", "/v1/me", Rule(scopes=_ALL)),
    ("GET", "/v1/partners", Rule(permission=P.PARTNERS_READ, scopes=_OPERATOR)),
    ("POST", "/v1/partners", Rule(permission=P.PARTNERS_WRITE, scopes=_OPERATOR)),
    ("GET", "/v1/partners/{partner}", Rule(permission=P.PARTNERS_READ, scopes=_OPERATOR)),
    ("POST", "/v1/partners/{partner}/disable", Rule(permission=P.PARTNERS_WRITE, scopes=_OPERATOR)),
    ("POST", "/v1/partners/{partner}/enable", Rule(permission=P.PARTNERS_WRITE, scopes=_OPERATOR)),
    ("GET", "/v1/clients", Rule(permission=P.CLIENTS_READ, scopes=_ABOVE_CLIENT)),
    ("POST", "/v1/clients", Rule(permission=P.CLIENTS_WRITE, scopes=_ABOVE_CLIENT)),
    ("GET", "/v1/clients/{client}", Rule(permission=P.CLIENTS_READ, scopes=_ABOVE_CLIENT)),
    ("POST", "/v1/clients/{client}/disable", Rule(permission=P.CLIENTS_WRITE, scopes=_ABOVE_CLIENT)),
    ("POST", "/v1/clients/{client}/enable", Rule(permission=P.CLIENTS_WRITE, scopes=_ABOVE_CLIENT)),
    ("GET", "/v1/partners/{partner}/quotas", Rule(permission=P.CLIENTS_READ, scopes=_ABOVE_CLIENT)),
    ("POST", "/v1/partners/{partner}/quotas", Rule(permission=P.PARTNERS_WRITE, scopes=_OPERATOR)),
    ("GET", "/v1/templates", Rule(permission=P.TEMPLATES_READ, scopes=_ALL)),
    ("GET", "/v1/templates/{template}", Rule(permission=P.TEMPLATES_READ, scopes=_ALL)),
    ("GET", "/v1/keys", Rule(permission=P.KEYS_READ, scopes=_ALL)),
    ("POST", "/v1/keys", Rule(permission=P.KEYS_WRITE, scopes=_ALL)),
    ("GET", "/v1/keys/{key}", Rule(permission=P.KEYS_READ, scopes=_ALL)),
    ("POST", "/v1/keys/{key}/rotate", Rule(permission=P.KEYS_WRITE, scopes=_ALL)),
    ("POST", "/v1/keys/{key}/revoke", Rule(permission=P.KEYS_WRITE, scopes=_ALL)),
)

# Method, path below the prefix, permission.
_TENANT: Final[tuple[tuple[str, str, Permission], ...]] = (
    ("GET", "/audit", P.AUDIT_READ),
    ("GET", "/connections", P.CONNECTIONS_READ),
    ("POST", "/connections", P.CONNECTIONS_WRITE),
    ("GET", "/connections/{connection}", P.CONNECTIONS_READ),
    ("PATCH", "/connections/{connection}", P.CONNECTIONS_WRITE),
    ("GET", "/connections/{connection}/outage", P.RUNS_READ),
    ("GET", "/connections/{connection}/playbook", P.RUNS_READ),
    ("POST", "/connections/{connection}/playbook/enter", P.RUNS_WRITE),
    ("POST", "/connections/{connection}/playbook/reconcile", P.RUNS_WRITE),
    ("POST", "/connections/{connection}/playbook/leave", P.RUNS_WRITE),
    ("GET", "/entries", P.RUNS_READ),
    ("GET", "/entries/{entry}", P.RUNS_READ),
    ("POST", "/entries/{entry}/act", P.RUNS_WRITE),
    ("POST", "/entries/{entry}/reconcile", P.RUNS_WRITE),
    ("GET", "/notices", P.RUNS_READ),
    ("POST", "/connections/{connection}/disable", P.CONNECTIONS_WRITE),
    ("POST", "/connections/{connection}/enable", P.CONNECTIONS_WRITE),
    ("GET", "/workflows", P.WORKFLOWS_READ),
    ("POST", "/workflows", P.WORKFLOWS_WRITE),
    ("GET", "/workflows/{workflow}", P.WORKFLOWS_READ),
    ("GET", "/deployments", P.DEPLOYMENTS_READ),
    ("POST", "/deployments", P.DEPLOYMENTS_WRITE),
    ("GET", "/deployments/{deployment}", P.DEPLOYMENTS_READ),
    ("PATCH", "/deployments/{deployment}", P.DEPLOYMENTS_WRITE),
    ("POST", "/deployments/{deployment}/disable", P.DEPLOYMENTS_WRITE),
    ("POST", "/deployments/{deployment}/enable", P.DEPLOYMENTS_WRITE),
    ("POST", "/deployments/{deployment}/migrations", P.DEPLOYMENTS_WRITE),
    ("GET", "/usage", P.USAGE_READ),
    ("GET", "/quotas", P.USAGE_READ),
    ("POST", "/quotas", P.CLIENTS_WRITE),
    ("GET", "/peak", P.RUNS_READ),
    ("PUT", "/peak", P.RUNS_WRITE),
    ("POST", "/events", P.EVENTS_WRITE),
    ("GET", "/events", P.EVENTS_READ),
    ("GET", "/events/{event}", P.EVENTS_READ),
    ("POST", "/signals", P.EVENTS_WRITE),
    ("GET", "/runs", P.RUNS_READ),
    ("GET", "/runs/changes", P.RUNS_READ),
    ("GET", "/runs/{run}", P.RUNS_READ),
    ("GET", "/runs/{run}/effects", P.RUNS_READ),
    ("GET", "/runs/{run}/journal", P.RUNS_READ),
    ("GET", "/runs/{run}/lifecycle", P.RUNS_READ),
    ("GET", "/runs/{run}/workflow", P.RUNS_READ),
    ("POST", "/runs/redrive", P.RUNS_WRITE),
    ("GET", "/exceptions", P.RUNS_READ),
    ("GET", "/exceptions/summary", P.RUNS_READ),
    ("GET", "/exceptions/{exception}", P.RUNS_READ),
    ("POST", "/exceptions/act", P.RUNS_WRITE),
    ("POST", "/exceptions/{exception}/act", P.RUNS_WRITE),
    ("POST", "/runs/{run}/cancel", P.RUNS_WRITE),
    ("POST", "/runs/{run}/suspend", P.RUNS_WRITE),
    ("POST", "/runs/{run}/resume", P.RUNS_WRITE),
    ("POST", "/runs/{run}/retry", P.RUNS_WRITE),
    ("POST", "/runs/{run}/keep", P.RUNS_WRITE),
    ("POST", "/runs/{run}/let-go", P.RUNS_WRITE),
    ("GET", "/retention", P.DEPLOYMENTS_READ),
    ("POST", "/retention", P.DEPLOYMENTS_WRITE),
    ("GET", "/archives", P.RUNS_READ),
    ("GET", "/archives/runs/{archived}", P.RUNS_READ),
    ("POST", "/runs/{run}/effects/{effect}/decide", P.RUNS_WRITE),
)


def _table() -> dict[Route, Rule]:
    table = {(method, path): rule for method, path, rule in _PLAIN}
    for method, suffix, permission in _TENANT:
        rule = Rule(permission=permission, scopes=_IN_TENANT, is_tenant=True)
        table[method, f"/v1{suffix}"] = rule
        table[method, f"{PREFIX}{suffix}"] = rule
    return table


POLICY: Final = _table()

_CREATES: Final = frozenset({"/v1/partners", "/v1/clients", "/v1/keys", "/v1/keys/{key}/rotate"})
_CREATES_IN_TENANT: Final = frozenset({"/connections", "/workflows", "/deployments"})
CREATING: Final[frozenset[Route]] = frozenset(
    ("POST", path) for path in (*_CREATES, *(f"{at}{one}" for one in _CREATES_IN_TENANT for at in ("/v1", PREFIX)))
)
"""Routes that make something new each time, unless an `Idempotency-Key` says that it is the same (ADR 0037).

Events and signals are taken once by their own source and id.
"""

_CHANGES: Final = re.compile(r"(PATCH .*|POST .*/(partners|clients|connections|deployments)/\{\w+\}/(dis|en)able)")
CHANGING: Final[frozenset[Route]] = frozenset(route for route in POLICY if _CHANGES.fullmatch(" ".join(route)))
"""Routes that change one resource as a person saw it; `If-Match` holds them to that version (ADR 0037)."""
