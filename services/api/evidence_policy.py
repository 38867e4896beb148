"""Rows of `services.api.policy` for evidence (ADR 0114)."""

from __future__ import annotations

from typing import Final

from tenants.identity.permissions import Permission

P: Final = Permission  # the table below is read by column

ALL: Final = "/evidence-cases"
ONE: Final = "/evidence-cases/{case}"
ROWS: Final = (
    ("GET", ALL, P.RECORDS_READ),
    ("POST", ALL, P.RECORDS_WRITE),
    ("GET", ONE, P.RECORDS_READ),
    ("POST", f"{ONE}/documents", P.RECORDS_WRITE),
    ("POST", f"{ONE}/packs", P.RECORDS_WRITE),
)
"""Method, path below a tenant's prefix, permission."""
