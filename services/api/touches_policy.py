"""Rows of `services.api.policy` for touches and workarounds (ADR 0105, 0116)."""

from __future__ import annotations

from typing import Final

from tenants.identity.permissions import Permission

P: Final = Permission  # the table below is read by column

WORKAROUNDS: Final = "/workarounds"
ONE: Final = f"{WORKAROUNDS}/{{workaround}}"
ACT: Final = f"{ONE}/act"
ROWS: Final = (
    ("GET", "/touches", P.RUNS_READ),
    ("GET", "/touches/summary", P.RUNS_READ),
    ("GET", "/touches/figures", P.RUNS_READ),
    ("GET", "/touches/re-entry", P.RUNS_READ),
    ("GET", WORKAROUNDS, P.RUNS_READ),
    ("POST", WORKAROUNDS, P.RUNS_WRITE),
    ("GET", ONE, P.RUNS_READ),
    ("POST", ACT, P.RUNS_WRITE),
)
"""Method, path below a tenant's prefix, permission."""
