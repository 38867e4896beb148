"""Rows of `services.api.policy`: who may send a client's events elsewhere (ADR 0059), and who opens networks to it.

Nobody above the client changes where they go: its payloads would leave to whoever names the address (S-05).
"""

from __future__ import annotations

from typing import Final

from tenants.identity.permissions import Permission

P: Final = Permission  # the table below is read by column

ROWS: Final = (
    ("GET", "/webhook-endpoints", P.WEBHOOKS_READ),
    ("POST", "/webhook-endpoints", P.WEBHOOKS_WRITE),
    ("GET", "/webhook-endpoints/{endpoint}", P.WEBHOOKS_READ),
    ("PATCH", "/webhook-endpoints/{endpoint}", P.WEBHOOKS_WRITE),
    ("POST", "/webhook-endpoints/{endpoint}/disable", P.WEBHOOKS_WRITE),
    ("POST", "/webhook-endpoints/{endpoint}/enable", P.WEBHOOKS_WRITE),
    ("POST", "/webhook-endpoints/{endpoint}/rotate", P.WEBHOOKS_WRITE),
    ("POST", "/webhook-endpoints/{endpoint}/remove", P.WEBHOOKS_WRITE),
    ("GET", "/webhook-endpoints/{endpoint}/deliveries", P.WEBHOOKS_READ),
    ("GET", "/webhook-endpoints/{endpoint}/deliveries/{message}", P.WEBHOOKS_READ),
    ("POST", "/webhook-endpoints/{endpoint}/deliveries/{message}/replay", P.WEBHOOKS_WRITE),
    ("POST", "/webhook-endpoints/{endpoint}/replay", P.WEBHOOKS_WRITE),
)
"""Method, path below a tenant's prefix, permission."""

CREATING: Final = frozenset({"/webhook-endpoints", "/webhook-endpoints/{endpoint}/rotate"})

VERSIONED: Final = (
    ("/webhook-endpoints", ("POST",)),
    ("/webhook-endpoints/{endpoint}", ("GET", "PATCH")),
    ("/webhook-endpoints/{endpoint}/disable", ("POST",)),
    ("/webhook-endpoints/{endpoint}/enable", ("POST",)),
    ("/webhook-endpoints/{endpoint}/rotate", ("POST",)),
)
"""Paths whose tag is of what people set, and not of how the receiver fares."""

NETWORKS: Final = (
    ("GET", "/v1/operator/private-networks", P.PARTNERS_READ),
    ("POST", "/v1/operator/private-networks", P.PARTNERS_WRITE),
    ("POST", "/v1/operator/private-networks/close", P.PARTNERS_WRITE),
)
"""The operator's: which private networks a client's calls may reach (ADR 0058)."""
