"""Rows of `services.api.policy` for the cross-reference (ADR 0072)."""

from __future__ import annotations

from typing import Final

from tenants.identity.permissions import Permission

P: Final = Permission  # the table below is read by column

ONE: Final = "/entities/{entity}"
ROWS: Final = (
    ("GET", "/entities", P.RECORDS_READ),
    ("POST", "/entities", P.RECORDS_WRITE),
    ("GET", ONE, P.RECORDS_READ),
    ("GET", f"{ONE}/history", P.RECORDS_READ),
    ("POST", f"{ONE}/keys", P.RECORDS_WRITE),
    ("POST", f"{ONE}/keys/remove", P.RECORDS_WRITE),
    ("POST", f"{ONE}/merge", P.RECORDS_WRITE),
    ("POST", f"{ONE}/split", P.RECORDS_WRITE),
)
"""Method, path below a tenant's prefix, permission."""

CREATING: Final = frozenset({"/entities", f"{ONE}/split"})
MERGE: Final = f"{ONE}/merge"
"""Takes an `Idempotency-Key`, too, and makes nothing new."""
