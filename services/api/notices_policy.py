"""Rows of `services.api.policy` for notices to customers (ADR 0113)."""

from __future__ import annotations

from typing import Final

from tenants.identity.permissions import Permission

P: Final = Permission  # the table below is read by column

PREVIEW: Final = "/customer-notices/preview"
OPT_OUTS: Final = "/customer-notices/opt-outs"
WITHDRAW: Final = "/customer-notices/withdraw-links"
ROWS: Final = (
    ("GET", "/customer-notices", P.RECORDS_READ),
    ("POST", PREVIEW, P.DEPLOYMENTS_WRITE),
    ("POST", OPT_OUTS, P.RECORDS_WRITE),
    ("POST", WITHDRAW, P.RECORDS_WRITE),
)
"""Method, path below a tenant's prefix, permission."""
