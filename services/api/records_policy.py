"""Rows of `services.api.policy` for entities, their documents, and the mappings that records come of.

ADR 0072, ADR 0080, ADR 0085.
"""

from __future__ import annotations

from typing import Final

from tenants.identity.permissions import Permission

P: Final = Permission  # the table below is read by column

ONE: Final = "/entities/{entity}"
MAPPING: Final = "/mappings/{mapping}"
ROWS: Final = (
    ("GET", "/entities", P.RECORDS_READ),
    ("POST", "/entities", P.RECORDS_WRITE),
    ("GET", ONE, P.RECORDS_READ),
    ("GET", f"{ONE}/history", P.RECORDS_READ),
    ("GET", f"{ONE}/record", P.EVENTS_READ),
    ("GET", f"{ONE}/timeline", P.RECORDS_READ),
    ("POST", f"{ONE}/keys", P.RECORDS_WRITE),
    ("POST", f"{ONE}/keys/remove", P.RECORDS_WRITE),
    ("POST", f"{ONE}/merge", P.RECORDS_WRITE),
    ("POST", f"{ONE}/split", P.RECORDS_WRITE),
    ("GET", f"{ONE}/documents", P.RECORDS_READ),
    ("POST", f"{ONE}/documents", P.RECORDS_WRITE),
    ("GET", f"{ONE}/documents/{{document}}", P.RECORDS_READ),
    ("GET", f"{ONE}/documents/{{document}}/content", P.PAYLOADS_READ),
    ("POST", f"{ONE}/documents/{{document}}/remove", P.RECORDS_WRITE),
    *(("POST", f"{ONE}/{act}", P.RECORDS_WRITE) for act in ("keep", "let-go")),
    ("GET", "/mappings", P.DEPLOYMENTS_READ),
    ("GET", MAPPING, P.DEPLOYMENTS_READ),
    ("PUT", MAPPING, P.DEPLOYMENTS_WRITE),
    ("POST", f"{MAPPING}/try", P.DEPLOYMENTS_WRITE),
    ("POST", f"{MAPPING}/release", P.DEPLOYMENTS_WRITE),
)
"""Method, path below a tenant's prefix, permission."""
OF_PARTNER: Final = tuple(
    (method, f"/v1/partners/{{partner}}{path}", P.CLIENTS_READ if one is P.DEPLOYMENTS_READ else P.CLIENTS_WRITE)
    for method, path, one in ROWS
    if path.startswith("/mappings")
)
"""Method, path, permission of a partner's own mappings."""

CREATING: Final = frozenset({"/entities", f"{ONE}/split", f"{ONE}/documents"})
MERGE: Final = f"{ONE}/merge"
"""Takes an `Idempotency-Key`, too, and makes nothing new."""
