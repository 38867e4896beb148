"""Rows of `services.api.policy` for touches (ADR 0105)."""

from __future__ import annotations

from typing import Final

from tenants.identity.permissions import Permission

P: Final = Permission  # the table below is read by column

ROWS: Final = (("GET", "/touches", P.RUNS_READ), ("GET", "/touches/summary", P.RUNS_READ))
"""Method, path below a tenant's prefix, permission."""
