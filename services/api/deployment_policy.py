"""Rows of `services.api.policy` for what runs: workflows, deployments, promotions, groups of connections."""

from __future__ import annotations

from typing import Final

from tenants.identity.permissions import Permission

P: Final = Permission  # the table below is read by column

ROWS: Final = (
    ("GET", "/connection-groups", P.DEPLOYMENTS_READ),
    ("POST", "/connection-groups", P.DEPLOYMENTS_WRITE),
    ("GET", "/connection-groups/{connection_group}", P.DEPLOYMENTS_READ),
    ("PATCH", "/connection-groups/{connection_group}", P.DEPLOYMENTS_WRITE),
    ("POST", "/connection-groups/{connection_group}/try", P.DEPLOYMENTS_WRITE),
    ("GET", "/readiness", P.DEPLOYMENTS_READ),
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
    ("GET", "/deployments/{deployment}/materials", P.DEPLOYMENTS_READ),
    ("GET", "/deployments/{deployment}/revisions", P.DEPLOYMENTS_READ),
    ("POST", "/deployments/{deployment}/roll-back", P.DEPLOYMENTS_WRITE),
    ("GET", "/promotions", P.DEPLOYMENTS_READ),
    ("POST", "/promotions", P.DEPLOYMENTS_WRITE),
    ("GET", "/promotions/{promotion}", P.DEPLOYMENTS_READ),
    ("POST", "/promotions/{promotion}/approve", P.DEPLOYMENTS_WRITE),
    ("POST", "/promotions/{promotion}/refuse", P.DEPLOYMENTS_WRITE),
    ("POST", "/promotions/{promotion}/withdraw", P.DEPLOYMENTS_WRITE),
)
"""Method, path below a tenant's prefix, permission."""
CREATING: Final = frozenset({"/connection-groups", "/workflows", "/deployments", "/promotions"})
DECIDED: Final = tuple(f"/promotions/{{promotion}}/{act}" for act in ("approve", "refuse", "withdraw"))
"""Once; who comes later is told so."""
