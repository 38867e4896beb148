"""Rows of `services.api.policy` for holds (ADR 0104)."""

from __future__ import annotations

from typing import Final

from tenants.identity.permissions import Permission

P: Final = Permission  # the table below is read by column

ONE: Final = "/holds/{hold}"
ACT: Final = "/holds/act"
ROWS: Final = (
    ("GET", "/holds", P.RECORDS_READ),
    ("POST", "/holds", P.HOLDS_WRITE),
    ("GET", "/holds/summary", P.RECORDS_READ),
    ("GET", "/holds/standing", P.RECORDS_READ),
    ("POST", ACT, P.HOLDS_WRITE),
    ("GET", ONE, P.RECORDS_READ),
    ("POST", f"{ONE}/clear", P.HOLDS_WRITE),
    ("POST", f"{ONE}/override", P.HOLDS_OVERRIDE),
    ("GET", "/hold-types", P.DEPLOYMENTS_READ),
    ("PUT", "/hold-types", P.AUTHORITY_WRITE),
)
"""Method, path below a tenant's prefix, permission."""
