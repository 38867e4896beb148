"""Rows of `services.api.policy` for business calendars and deadlines (ADR 0102, ADR 0103)."""

from __future__ import annotations

from typing import Final

from tenants.identity.permissions import Permission

P: Final = Permission  # the table below is read by column

ONE: Final = "/calendars/{calendar}"
PREVIEW: Final = f"{ONE}/preview"
ROWS: Final = (
    ("GET", "/calendars", P.DEPLOYMENTS_READ),
    ("GET", ONE, P.DEPLOYMENTS_READ),
    ("PUT", ONE, P.DEPLOYMENTS_WRITE),
    ("DELETE", ONE, P.DEPLOYMENTS_WRITE),
    ("POST", PREVIEW, P.DEPLOYMENTS_WRITE),
    ("GET", "/deadlines", P.RUNS_READ),
)
"""Method, path below a tenant's prefix, permission."""
