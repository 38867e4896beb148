"""Rows of `services.api.policy` for the matrix of authority: who may read it, and who says who decides (ADR 0100)."""

from __future__ import annotations

from typing import Final

from tenants.identity.permissions import Permission

P: Final = Permission  # the table below is read by column

CHECK: Final = "/authority/check"
ROWS: Final = (
    ("GET", "/authority", P.DEPLOYMENTS_READ),
    ("PUT", "/authority", P.AUTHORITY_WRITE),
    ("GET", "/authority/history", P.DEPLOYMENTS_READ),
    ("POST", CHECK, P.DEPLOYMENTS_WRITE),
)
"""Method, path below a tenant's prefix, permission."""
