"""Which routes take an `Idempotency-Key` or an `If-Match`, and which take neither and why (ADR 0037).

And whose tag is of less than their answer.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from services.api import (
    authority_policy,
    calendar_policy,
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
from services.api.policy import POLICY, PREFIX, Route

_CREATES: Final = frozenset(
    {"/v1/partners", "/v1/clients", "/v1/clients/{client}/environments", "/v1/keys", "/v1/keys/{key}/rotate"}
    | {"/v1/roles", "/v1/invitations", "/v1/identity-providers", "/v1/domains"}
)
_CREATES_IN_TENANT: Final = (
    frozenset(
        {
            "/connections",
            "/sites",
            "/event-schemas",
            "/runs/{run}/documents",
        }
    )
    | deployment_policy.CREATING
    | inbound_policy.CREATES
    | webhook_policy.CREATING
    | records_policy.CREATING
)


def _in_tenant(method: str, *suffixes: str) -> frozenset[Route]:
    return frozenset((method, f"{at}{one}") for one in suffixes for at in ("/v1", PREFIX))


def _of_mappings(act: str) -> frozenset[Route]:
    path = f"{records_policy.MAPPING}/{act}"
    return _in_tenant("POST", path) | {("POST", f"/v1/partners/{{partner}}{path}")}


CREATING: Final[frozenset[Route]] = frozenset(("POST", path) for path in _CREATES) | _in_tenant(
    "POST", *_CREATES_IN_TENANT
)
"""Routes that make something new each time, unless an `Idempotency-Key` says that it is the same (ADR 0037).

Events and signals are taken once by their own source and id.
"""

KEYED: Final = CREATING | _in_tenant("POST", inbound_policy.REPLAY, records_policy.MERGE)
"""Routes that take the key: a replay makes an event, and its answer is none of a resource; a merge makes nothing."""

_CHANGES: Final = re.compile(
    r"((PATCH|PUT|DELETE) .*"
    r"|POST .*/(partners|clients|connections|deployments|roles|people|identity-providers)/\{\w+\}/(dis|en)able"
    r"|POST .*/(inbound-webhooks|webhook-endpoints)/\{\w+\}/((dis|en)able|rotate)"
    r"|POST .*/deployments/\{deployment\}/roll-back"
    r"|POST /v1/clients/\{client\}/(suspend|resume|move|delete)"
    r"|POST /v1/(keys/\{key\}/(rotate|revoke)|domains/\{domain\}/release)"
    r"|POST /v1/invitations/\{invitation\}/withdraw|POST /v1/identity-providers/\{provider\}/provision"
    r"|POST /v1/operator/private-networks(/close)?|POST .*/audit/(period|hold|release)"
    r"|POST .*/entities/\{entity\}/(keys(/remove)?|merge|split)"
    r"|POST .*/tasks/\{task\}/complete"
    r"|POST .*/(webhook-endpoints/\{endpoint\}|documents/\{document\})/remove"
    r"|POST .*/(retention|quotas|owners/remove|interfaces/withdraw|inbound-webhooks/\{hook\}/delete))"
)
CHANGING: Final[frozenset[Route]] = frozenset(route for route in POLICY if _CHANGES.fullmatch(" ".join(route)))
"""Routes that change one resource as a person saw it; `If-Match` holds them to that version (ADR 0037)."""


class Why(StrEnum):
    """Why a route that is no read takes neither header."""

    OWN_ID = "what is sent has an id of its own, by which it is taken once"
    SEEN = "the body says which version was seen"
    TOKEN = "a preview's token says what is done, and each part only as the preview saw it"  # noqa: S105 (no secret)
    STATE = "it is refused in a state that it does not fit, and changes nothing where it was done before"
    AGAIN = "what is sent again has an id, by which its receiver knows it"
    ASKS = "it asks or looks, and changes nothing that people set"
    NEWEST = "what it makes takes the place of what it made before, which counts no more"
    FINAL = "it is final, of something that nobody changes, and unknown the second time"


_UNCONDITIONAL: Final[dict[Why, frozenset[Route]]] = {
    Why.OWN_ID: _in_tenant("POST", "/events", "/signals", f"{evidence_policy.ONE}/packs")
    | {("POST", "/hooks/{address}"), ("POST", f"{scim_policy.AT}Users")},
    Why.SEEN: _in_tenant(
        "POST",
        *(f"/connections/{{connection}}/playbook/{act}" for act in ("enter", "reconcile", "leave")),
        *(f"/entries/{{entry}}/{act}" for act in ("act", "reconcile")),
        "/exceptions/{exception}/act",
        touches_policy.ACT,
        *(f"{holds_policy.ONE}/{act}" for act in ("clear", "override")),
        "/tasks/{task}/act",
    ),
    Why.TOKEN: _in_tenant(
        "POST",
        "/deployments/{deployment}/migrations",
        "/runs/redrive",
        "/exceptions/act",
        "/tasks/complete",
        holds_policy.ACT,
    )
    | {("POST", "/v1/onboarding")},
    Why.STATE: _in_tenant(
        "POST",
        *(f"/runs/{{run}}/{act}" for act in ("cancel", "suspend", "resume", "retry", "keep", "let-go", "approvals")),
        "/runs/{run}/effects/{effect}/decide",
        *(f"{records_policy.ONE}/{act}" for act in ("keep", "let-go")),
        "/connections/{connection}/authorization/remove",
        *deployment_policy.DECIDED,
        "/holds",
        notices_policy.OPT_OUTS,
        notices_policy.WITHDRAW,
        evidence_policy.ALL,
        f"{evidence_policy.ONE}/documents",
        touches_policy.WORKAROUNDS,
    )
    | _of_mappings("release"),
    Why.AGAIN: _in_tenant(
        "POST",
        "/webhook-endpoints/{endpoint}/replay",
        "/webhook-endpoints/{endpoint}/deliveries/{message}/replay",
    ),
    Why.ASKS: frozenset({("POST", "/v1/domains/{domain}/check"), ("POST", "/v1/oauth/token")})
    | {("POST", "/v1/templates/{template}/rehearsals")}
    | _in_tenant("POST", "/connection-groups/{connection_group}/try", "/connections/{connection}/check")
    | _in_tenant("POST", calendar_policy.PREVIEW, authority_policy.CHECK, notices_policy.PREVIEW)
    | _of_mappings("try"),
    Why.NEWEST: _in_tenant(
        "POST", "/connections/{connection}/authorization-link", "/absences", "/skills", "/task-mail"
    ),
    Why.FINAL: _in_tenant("POST", "/audit/forget")
    | {("POST", "/v1/organization/audit/forget"), ("POST", "/v1/mail-suppressions/{suppression}/lift")},
}
UNCONDITIONAL: Final[dict[Route, Why]] = {route: why for why, routes in _UNCONDITIONAL.items() for route in routes}
"""Every other route that is no read, with the reason."""

_WITH_QUOTAS: Final = ("operator", "partners/{partner}", "clients/{client}")
VERSIONED: Final[frozenset[Route]] = frozenset(
    (method, f"{at}{path}")
    for at in ("/v1", PREFIX)
    for path, methods in (
        ("/peak", ("GET", "PUT")),
        ("/exceptions/{exception}", ("GET",)),
        (touches_policy.ONE, ("GET",)),
        ("/quotas", ("GET", "POST")),
        ("/interfaces", ("GET", "PUT")),
        ("/interfaces/withdraw", ("POST",)),
        *webhook_policy.VERSIONED,
        *tasks_policy.VERSIONED,
    )
    for method in methods
) | {
    *((method, f"/v1/{of}/quotas") for of in _WITH_QUOTAS for method in ("GET", "POST")),
    ("GET", "/v1/keys/{key}"),
    ("POST", "/v1/keys"),
    ("POST", "/v1/keys/{key}/rotate"),
    ("POST", "/v1/keys/{key}/revoke"),
    ("GET", "/v1/domains/{domain}"),
    ("POST", "/v1/domains"),
    ("POST", "/v1/domains/{domain}/release"),
    ("POST", "/v1/operator/private-networks"),
}
"""Routes whose answers hold what nobody sets, such as who waits in line or when a key was used, or show one of what is
set as a whole: their tag is of what can be set, and nobody is answered 304 for it."""

READ_ELSEWHERE: Final = _in_tenant("GET", "/audit/keeping") | {("GET", "/v1/organization/audit/keeping")}
"""Reads of what is changed on other paths."""
