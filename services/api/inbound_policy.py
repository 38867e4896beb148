"""Rows of the policy for endpoints of webhooks and what they received; `services.api.policy` has the table."""

from __future__ import annotations

from typing import Final

from tenants.identity.permissions import Permission

P: Final = Permission  # the table below is read by column

BASE: Final = "/inbound-webhooks"
REPLAY: Final = f"{BASE}/{{hook}}/received/{{received}}/replay"
# Method, path below the prefix, permission. Whoever sends an event by hand may send one again.
ROWS: Final[tuple[tuple[str, str, Permission], ...]] = (
    ("GET", BASE, P.CONNECTIONS_READ),
    ("POST", BASE, P.CONNECTIONS_WRITE),
    ("GET", f"{BASE}/{{hook}}", P.CONNECTIONS_READ),
    ("PATCH", f"{BASE}/{{hook}}", P.CONNECTIONS_WRITE),
    ("POST", f"{BASE}/{{hook}}/rotate", P.CONNECTIONS_WRITE),
    ("POST", f"{BASE}/{{hook}}/disable", P.CONNECTIONS_WRITE),
    ("POST", f"{BASE}/{{hook}}/enable", P.CONNECTIONS_WRITE),
    ("POST", f"{BASE}/{{hook}}/delete", P.CONNECTIONS_WRITE),
    ("GET", f"{BASE}/{{hook}}/received", P.CONNECTIONS_READ),
    ("GET", f"{BASE}/{{hook}}/received/{{received}}", P.EVENTS_READ),
    ("POST", REPLAY, P.EVENTS_WRITE),
)
CREATES: Final = frozenset({BASE, f"{BASE}/{{hook}}/rotate"})
