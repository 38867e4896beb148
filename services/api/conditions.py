"""Which routes take an `Idempotency-Key` or an `If-Match`, and whose tag is of less than their answer (ADR 0037)."""

from __future__ import annotations

import re
from typing import Final

from services.api import inbound_policy, webhook_policy
from services.api.policy import POLICY, PREFIX, Route

_CREATES: Final = frozenset(
    {"/v1/partners", "/v1/clients", "/v1/clients/{client}/environments", "/v1/keys", "/v1/keys/{key}/rotate"}
    | {"/v1/roles", "/v1/invitations", "/v1/identity-providers", "/v1/domains"}
)
_CREATES_IN_TENANT: Final = (
    frozenset({"/connections", "/workflows", "/deployments", "/sites", "/event-schemas"})
    | inbound_policy.CREATES
    | webhook_policy.CREATING
)
CREATING: Final[frozenset[Route]] = frozenset(
    ("POST", path) for path in (*_CREATES, *(f"{at}{one}" for one in _CREATES_IN_TENANT for at in ("/v1", PREFIX)))
)
"""Routes that make something new each time, unless an `Idempotency-Key` says that it is the same (ADR 0037).

Events and signals are taken once by their own source and id.
"""

_CHANGES: Final = re.compile(
    r"((PATCH|PUT) .*|DELETE /scim/.*"
    r"|POST .*/(partners|clients|connections|deployments|roles|people|identity-providers)/\{\w+\}/(dis|en)able"
    r"|POST .*/(inbound-webhooks|webhook-endpoints)/\{\w+\}/(dis|en)able"
    r"|POST /v1/clients/\{client\}/(suspend|resume|move)"
    r"|POST /v1/invitations/\{invitation\}/withdraw|POST /v1/identity-providers/\{provider\}/provision"
    r"|POST .*/(retention|quotas|owners/remove|interfaces/withdraw|inbound-webhooks/\{hook\}/delete))"
)
CHANGING: Final[frozenset[Route]] = frozenset(route for route in POLICY if _CHANGES.fullmatch(" ".join(route)))
"""Routes that change one resource as a person saw it; `If-Match` holds them to that version (ADR 0037)."""

VERSIONED: Final[frozenset[Route]] = frozenset(
    (method, f"{at}{path}")
    for at in ("/v1", PREFIX)
    for path, methods in (
        ("/peak", ("GET", "PUT")),
        ("/quotas", ("GET", "POST")),
        ("/interfaces", ("GET", "PUT")),
        ("/interfaces/withdraw", ("POST",)),
        *webhook_policy.VERSIONED,
    )
    for method in methods
)
"""Routes whose answers hold what nobody sets, such as who waits in line: their tag is of what can be set, and nobody is
answered 304 for it."""
