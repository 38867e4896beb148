"""Who may call what, written once (house rule 10).

A route without a row here stops the process at its start, and a test walks the route table against these rows (S-01).
"""

from __future__ import annotations

from typing import Final

import msgspec

from services.api import (
    authority_policy,
    calendar_policy,
    dangers,
    deployment_policy,
    evidence_policy,
    holds_policy,
    inbound_policy,
    notices_policy,
    records_policy,
    scim_policy,
    tasks_policy,
    touches_policy,
    webhook_policy,
)
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
        is_dangerous: a person must have proved who they are within ten minutes; a key need not.
    """

    permission: Permission | None = None
    scopes: frozenset[Scope] = frozenset()
    is_public: bool = False
    is_tenant: bool = False
    is_dangerous: bool = False


def tenant_paths(suffix: str) -> list[str]:
    """Both paths of a tenant route, for its handler: `@get(tenant_paths("/runs"))`."""
    return [f"/v1{suffix}", PREFIX.replace("}", f"{_PARAMETER_TYPES}}}") + suffix]


_ALL: Final = frozenset(Scope)
_OPERATOR: Final = frozenset({Scope.OPERATOR})
_PARTNER: Final = frozenset({Scope.PARTNER})
_ABOVE_CLIENT: Final = frozenset({Scope.OPERATOR, Scope.PARTNER})
# The operator runs the installation and has no business inside a tenant.
_IN_TENANT: Final = frozenset({Scope.PARTNER, Scope.CLIENT})

_PUBLIC: Final = Rule(is_public=True)

_PLAIN: Final[tuple[tuple[str, str, Rule], ...]] = (
    ("GET", "/health/live", _PUBLIC),
    ("GET", "/health/ready", _PUBLIC),
    ("GET", "/problems/{name}", _PUBLIC),
    ("GET", "/v1/openapi.json", _PUBLIC),
    ("GET", "/v1/asyncapi.json", _PUBLIC),
    ("GET", "/docs", _PUBLIC),
    ("GET", "/docs/{name}", _PUBLIC),
    ("POST", "/v1/oauth/token", _PUBLIC),
    ("GET", "/.well-known/oauth-authorization-server", _PUBLIC),
    ("GET", "/v1/certificate-key", _PUBLIC),
    # Who sends proves it by the endpoint's own way.
    ("POST", "/hooks/{address}", _PUBLIC),
    ("GET", "/v1/audit-key", _PUBLIC),
    ("GET", "/v1/me", Rule(scopes=_ALL)),
    *(
        ("GET", f"/v1/organization/audit{one}", Rule(permission=P.AUDIT_READ, scopes=_ABOVE_CLIENT))
        for one in ("", "/export", "/verification", "/keeping")
    ),
    *(
        ("POST", f"/v1/organization/audit/{one}", Rule(permission=P.CLIENTS_WRITE, scopes=_ABOVE_CLIENT))
        for one in ("period", "hold", "release", "forget")
    ),
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
    ("POST", "/v1/clients/{client}/environments", Rule(permission=P.CLIENTS_WRITE, scopes=_ABOVE_CLIENT)),
    ("POST", "/v1/clients/{client}/suspend", Rule(permission=P.CLIENTS_WRITE, scopes=_ABOVE_CLIENT)),
    ("POST", "/v1/clients/{client}/resume", Rule(permission=P.CLIENTS_WRITE, scopes=_ABOVE_CLIENT)),
    ("POST", "/v1/clients/{client}/move", Rule(permission=P.PARTNERS_WRITE, scopes=_OPERATOR)),
    ("POST", "/v1/clients/{client}/delete", Rule(permission=P.CLIENTS_WRITE, scopes=_ABOVE_CLIENT)),
    ("GET", "/v1/clients/{client}/certificate", Rule(permission=P.CLIENTS_READ, scopes=_ABOVE_CLIENT)),
    ("GET", "/v1/clients/{client}/parameters", Rule(permission=P.CLIENTS_READ, scopes=_PARTNER)),
    ("PATCH", "/v1/clients/{client}/parameters", Rule(permission=P.CLIENTS_WRITE, scopes=_PARTNER)),
    ("GET", "/v1/operator/policy", Rule(permission=P.PARTNERS_READ, scopes=_OPERATOR)),
    ("PUT", "/v1/operator/policy", Rule(permission=P.PARTNERS_WRITE, scopes=_OPERATOR)),
    ("GET", "/v1/partners/{partner}/policy", Rule(permission=P.CLIENTS_READ, scopes=_PARTNER)),
    ("PUT", "/v1/partners/{partner}/policy", Rule(permission=P.CLIENTS_WRITE, scopes=_PARTNER)),
    ("GET", "/v1/clients/{client}/policy", Rule(permission=P.CLIENTS_READ, scopes=_PARTNER)),
    ("PUT", "/v1/clients/{client}/policy", Rule(permission=P.CLIENTS_WRITE, scopes=_PARTNER)),
    ("GET", "/v1/operator/parameters", Rule(permission=P.PARTNERS_READ, scopes=_OPERATOR)),
    ("PATCH", "/v1/operator/parameters", Rule(permission=P.PARTNERS_WRITE, scopes=_OPERATOR)),
    *((method, path, Rule(permission=one, scopes=_OPERATOR)) for method, path, one in webhook_policy.NETWORKS),
    ("GET", "/v1/partners/{partner}/parameters", Rule(permission=P.CLIENTS_READ, scopes=_PARTNER)),
    ("PATCH", "/v1/partners/{partner}/parameters", Rule(permission=P.CLIENTS_WRITE, scopes=_PARTNER)),
    *((method, path, Rule(permission=one, scopes=_PARTNER)) for method, path, one in records_policy.OF_PARTNER),
    ("POST", "/v1/onboarding", Rule(permission=P.CLIENTS_WRITE, scopes=_PARTNER)),
    ("GET", "/v1/fleet", Rule(permission=P.CLIENTS_READ, scopes=_ABOVE_CLIENT)),
    ("GET", "/v1/operator/quotas", Rule(permission=P.PARTNERS_READ, scopes=_OPERATOR)),
    ("POST", "/v1/operator/quotas", Rule(permission=P.PARTNERS_WRITE, scopes=_OPERATOR)),
    ("GET", "/v1/clients/{client}/quotas", Rule(permission=P.CLIENTS_READ, scopes=_PARTNER)),
    ("POST", "/v1/clients/{client}/quotas", Rule(permission=P.CLIENTS_WRITE, scopes=_PARTNER)),
    ("GET", "/v1/partners/{partner}/quotas", Rule(permission=P.CLIENTS_READ, scopes=_ABOVE_CLIENT)),
    ("POST", "/v1/partners/{partner}/quotas", Rule(permission=P.PARTNERS_WRITE, scopes=_OPERATOR)),
    ("GET", "/v1/brand", Rule(permission=P.BRAND_READ, scopes=_PARTNER)),
    ("PATCH", "/v1/brand", Rule(permission=P.BRAND_WRITE, scopes=_PARTNER)),
    ("GET", "/v1/domains", Rule(permission=P.DOMAINS_READ, scopes=_PARTNER)),
    ("POST", "/v1/domains", Rule(permission=P.DOMAINS_WRITE, scopes=_PARTNER)),
    ("GET", "/v1/domains/{domain}", Rule(permission=P.DOMAINS_READ, scopes=_PARTNER)),
    ("POST", "/v1/domains/{domain}/check", Rule(permission=P.DOMAINS_WRITE, scopes=_PARTNER)),
    ("POST", "/v1/domains/{domain}/release", Rule(permission=P.DOMAINS_WRITE, scopes=_PARTNER)),
    ("GET", "/v1/templates", Rule(permission=P.TEMPLATES_READ, scopes=_ALL)),
    ("GET", "/v1/templates/{template}", Rule(permission=P.TEMPLATES_READ, scopes=_ALL)),
    ("POST", "/v1/templates/{template}/rehearsals", Rule(permission=P.DEPLOYMENTS_WRITE, scopes=_PARTNER)),
    ("GET", "/v1/connectors", Rule(permission=P.CONNECTIONS_READ, scopes=_ALL)),
    ("GET", "/v1/connectors/{connector}", Rule(permission=P.CONNECTIONS_READ, scopes=_ALL)),
    ("GET", "/v1/event-types", Rule(scopes=_ALL)),
    ("GET", "/v1/event-types/{event_type}", Rule(scopes=_ALL)),
    ("GET", "/v1/keys", Rule(permission=P.KEYS_READ, scopes=_ALL)),
    ("POST", "/v1/keys", Rule(permission=P.KEYS_WRITE, scopes=_ALL)),
    ("GET", "/v1/keys/{key}", Rule(permission=P.KEYS_READ, scopes=_ALL)),
    ("POST", "/v1/keys/{key}/rotate", Rule(permission=P.KEYS_WRITE, scopes=_ALL)),
    ("POST", "/v1/keys/{key}/revoke", Rule(permission=P.KEYS_WRITE, scopes=_ALL)),
    ("GET", "/v1/roles", Rule(permission=P.PEOPLE_READ, scopes=_IN_TENANT)),
    ("POST", "/v1/roles", Rule(permission=P.ROLES_WRITE, scopes=_IN_TENANT)),
    ("GET", "/v1/roles/{role}", Rule(permission=P.PEOPLE_READ, scopes=_IN_TENANT)),
    ("PATCH", "/v1/roles/{role}", Rule(permission=P.ROLES_WRITE, scopes=_IN_TENANT)),
    ("POST", "/v1/roles/{role}/disable", Rule(permission=P.ROLES_WRITE, scopes=_IN_TENANT)),
    ("POST", "/v1/roles/{role}/enable", Rule(permission=P.ROLES_WRITE, scopes=_IN_TENANT)),
    ("GET", "/v1/people", Rule(permission=P.PEOPLE_READ, scopes=_IN_TENANT)),
    ("GET", "/v1/people/{person}", Rule(permission=P.PEOPLE_READ, scopes=_IN_TENANT)),
    ("PUT", "/v1/people/{person}/roles", Rule(permission=P.PEOPLE_WRITE, scopes=_IN_TENANT)),
    ("POST", "/v1/people/{person}/disable", Rule(permission=P.PEOPLE_WRITE, scopes=_IN_TENANT)),
    ("POST", "/v1/people/{person}/enable", Rule(permission=P.PEOPLE_WRITE, scopes=_IN_TENANT)),
    ("GET", "/v1/invitations", Rule(permission=P.PEOPLE_READ, scopes=_IN_TENANT)),
    ("POST", "/v1/invitations", Rule(permission=P.PEOPLE_WRITE, scopes=_IN_TENANT)),
    ("GET", "/v1/invitations/{invitation}", Rule(permission=P.PEOPLE_READ, scopes=_IN_TENANT)),
    ("POST", "/v1/invitations/{invitation}/withdraw", Rule(permission=P.PEOPLE_WRITE, scopes=_IN_TENANT)),
    ("GET", "/v1/mails", Rule(permission=P.PEOPLE_READ, scopes=_IN_TENANT)),
    ("GET", "/v1/mail-suppressions", Rule(permission=P.PEOPLE_READ, scopes=_IN_TENANT)),
    ("POST", "/v1/mail-suppressions/{suppression}/lift", Rule(permission=P.PEOPLE_WRITE, scopes=_IN_TENANT)),
    ("GET", "/v1/identity-providers", Rule(permission=P.PEOPLE_READ, scopes=_IN_TENANT)),
    ("POST", "/v1/identity-providers", Rule(permission=P.PROVIDERS_WRITE, scopes=_IN_TENANT)),
    ("GET", "/v1/identity-providers/{provider}", Rule(permission=P.PEOPLE_READ, scopes=_IN_TENANT)),
    ("POST", "/v1/identity-providers/{provider}/disable", Rule(permission=P.PROVIDERS_WRITE, scopes=_IN_TENANT)),
    ("POST", "/v1/identity-providers/{provider}/enable", Rule(permission=P.PROVIDERS_WRITE, scopes=_IN_TENANT)),
    ("POST", "/v1/identity-providers/{provider}/provision", Rule(permission=P.PROVIDERS_WRITE, scopes=_IN_TENANT)),
    *(
        (method, f"{scim_policy.AT}{path}", Rule(permission=P.SCIM_WRITE, scopes=_IN_TENANT))
        for method, path in scim_policy.ROWS
    ),
)

# Method, path below the prefix, permission.
_TENANT: Final[tuple[tuple[str, str, Permission], ...]] = (
    *(("GET", f"/audit{one}", P.AUDIT_READ) for one in ("", "/export", "/verification", "/keeping")),
    *(("POST", f"/audit/{one}", P.CLIENTS_WRITE) for one in ("period", "hold", "release", "forget")),
    ("GET", "/connections", P.CONNECTIONS_READ),
    ("POST", "/connections", P.CONNECTIONS_WRITE),
    ("GET", "/connections/{connection}", P.CONNECTIONS_READ),
    ("PATCH", "/connections/{connection}", P.CONNECTIONS_WRITE),
    ("GET", "/connections/{connection}/secret-uses", P.CONNECTIONS_READ),
    ("GET", "/connections/{connection}/outage", P.RUNS_READ),
    ("GET", "/connections/{connection}/polls", P.CONNECTIONS_READ),
    ("GET", "/connections/{connection}/health", P.CONNECTIONS_READ),
    ("POST", "/connections/{connection}/check", P.CONNECTIONS_WRITE),
    ("GET", "/connections/{connection}/authorization", P.CONNECTIONS_READ),
    ("POST", "/connections/{connection}/authorization-link", P.CONNECTIONS_WRITE),
    ("POST", "/connections/{connection}/authorization/remove", P.CONNECTIONS_WRITE),
    ("GET", "/connection-health", P.CONNECTIONS_READ),
    ("GET", "/connections/{connection}/playbook", P.RUNS_READ),
    ("POST", "/connections/{connection}/playbook/enter", P.RUNS_WRITE),
    ("POST", "/connections/{connection}/playbook/reconcile", P.RUNS_WRITE),
    ("POST", "/connections/{connection}/playbook/leave", P.RUNS_WRITE),
    ("GET", "/entries", P.RUNS_READ),
    ("GET", "/entries/{entry}", P.RUNS_READ),
    ("POST", "/entries/{entry}/act", P.RUNS_WRITE),
    ("POST", "/entries/{entry}/reconcile", P.RUNS_WRITE),
    ("GET", "/notices", P.RUNS_READ),
    *inbound_policy.ROWS,
    ("POST", "/connections/{connection}/disable", P.CONNECTIONS_WRITE),
    ("POST", "/connections/{connection}/enable", P.CONNECTIONS_WRITE),
    *deployment_policy.ROWS,
    ("GET", "/policy", P.DEPLOYMENTS_READ),
    ("GET", "/parameters", P.DEPLOYMENTS_READ),
    ("PATCH", "/parameters", P.DEPLOYMENTS_WRITE),
    ("GET", "/sites", P.DEPLOYMENTS_READ),
    ("POST", "/sites", P.DEPLOYMENTS_WRITE),
    ("GET", "/sites/{site}", P.DEPLOYMENTS_READ),
    ("PATCH", "/sites/{site}", P.DEPLOYMENTS_WRITE),
    ("GET", "/sites/{site}/parameters", P.DEPLOYMENTS_READ),
    ("PATCH", "/sites/{site}/parameters", P.DEPLOYMENTS_WRITE),
    ("GET", "/export", P.PAYLOADS_READ),
    ("GET", "/owners", P.DEPLOYMENTS_READ),
    ("PUT", "/owners", P.DEPLOYMENTS_WRITE),
    ("POST", "/owners/remove", P.DEPLOYMENTS_WRITE),
    ("GET", "/interfaces", P.DEPLOYMENTS_READ),
    ("GET", "/interfaces/findings", P.DEPLOYMENTS_READ),
    ("PUT", "/interfaces", P.DEPLOYMENTS_WRITE),
    ("POST", "/interfaces/withdraw", P.DEPLOYMENTS_WRITE),
    *authority_policy.ROWS,
    *webhook_policy.ROWS,
    *records_policy.ROWS,
    *calendar_policy.ROWS,
    *tasks_policy.ROWS,
    *holds_policy.ROWS,
    *notices_policy.ROWS,
    *evidence_policy.ROWS,
    *touches_policy.ROWS,
    ("GET", "/usage", P.USAGE_READ),
    ("GET", "/quotas", P.USAGE_READ),
    ("POST", "/quotas", P.CLIENTS_WRITE),
    ("GET", "/peak", P.RUNS_READ),
    ("PUT", "/peak", P.RUNS_WRITE),
    ("POST", "/events", P.EVENTS_WRITE),
    ("GET", "/events", P.EVENTS_READ),
    ("GET", "/events/{event}", P.EVENTS_READ),
    ("GET", "/event-schemas", P.DEPLOYMENTS_READ),
    ("POST", "/event-schemas", P.DEPLOYMENTS_WRITE),
    ("POST", "/signals", P.EVENTS_WRITE),
    ("GET", "/runs", P.RUNS_READ),
    ("GET", "/runs/changes", P.RUNS_READ),
    ("GET", "/runs/{run}", P.RUNS_READ),
    ("GET", "/runs/{run}/approvals", P.RUNS_READ),
    ("POST", "/runs/{run}/approvals", P.RUNS_WRITE),
    ("GET", "/runs/{run}/effects", P.RUNS_READ),
    ("GET", "/runs/{run}/choices", P.RUNS_READ),
    ("GET", "/runs/{run}/journal", P.RUNS_READ),
    ("GET", "/runs/{run}/lifecycle", P.RUNS_READ),
    ("GET", "/runs/{run}/workflow", P.RUNS_READ),
    ("GET", "/runs/{run}/documents", P.RUNS_READ),
    ("POST", "/runs/{run}/documents", P.RUNS_WRITE),
    ("GET", "/runs/{run}/documents/{document}", P.RUNS_READ),
    ("GET", "/runs/{run}/documents/{document}/content", P.PAYLOADS_READ),
    ("POST", "/runs/{run}/documents/{document}/remove", P.RUNS_WRITE),
    ("POST", "/runs/redrive", P.RUNS_WRITE),
    ("GET", "/exceptions", P.RUNS_READ),
    ("GET", "/exceptions/summary", P.RUNS_READ),
    ("GET", "/exceptions/groups", P.RUNS_READ),
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
    table = {
        (method, path): msgspec.structs.replace(rule, is_dangerous=dangers.above_tenants(method, path))
        for method, path, rule in _PLAIN
    }
    for method, suffix, permission in _TENANT:
        dangerous = dangers.in_tenant(method, suffix)
        rule = Rule(permission=permission, scopes=_IN_TENANT, is_tenant=True, is_dangerous=dangerous)
        table[method, f"/v1{suffix}"] = rule
        table[method, f"{PREFIX}{suffix}"] = rule
    return table


POLICY: Final = _table()
