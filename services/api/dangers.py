"""Which routes take a fresh proof of who one is: what lets in, keeps out, or hands over for good (S-63)."""

from __future__ import annotations

import re
from typing import Final

_ABOVE_TENANTS: Final = re.compile(
    r"(POST|PUT|PATCH) /v1/(keys|roles|people|invitations|identity-providers|domains|onboarding)(/.*)?"
    r"|POST /v1/clients/\{client\}/(disable|enable|suspend|resume|delete)"
    r"|(POST|PUT|PATCH|DELETE) /scim/.*"
    r"|POST /v1/organization/audit/(period|hold|release|forget)"
    r"|PUT /v1/(operator|partners/\{partner\}|clients/\{client\})/policy"
)
# Everything in one file; where requests, events and their secrets go, and who may send any; how long anything is kept;
# who decides, about which holds, and in whose place; what goes out although something keeps it.
_IN_TENANT: Final = re.compile(
    r"GET /export"
    r"|POST /connections(/\{connection\}/(enable|authorization-link))?|PATCH /connections/\{connection\}"
    r"|POST /inbound-webhooks(/\{hook\}/(enable|rotate))?|PATCH /inbound-webhooks/\{hook\}"
    r"|POST /webhook-endpoints(/\{endpoint\}/(enable|rotate))?|PATCH /webhook-endpoints/\{endpoint\}"
    r"|PUT /authority|PUT /hold-types|POST /holds/\{hold\}/override|POST /absences"
    r"|POST /retention|POST /audit/(period|hold|release|forget)"
)


def above_tenants(method: str, path: str) -> bool:
    """Of a whole path, such as `/v1/keys`."""
    return _ABOVE_TENANTS.fullmatch(f"{method} {path}") is not None


def in_tenant(method: str, suffix: str) -> bool:
    """Of what stands below a tenant's prefix, such as `/connections`."""
    return _IN_TENANT.fullmatch(f"{method} {suffix}") is not None
