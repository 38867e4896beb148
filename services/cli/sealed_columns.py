"""Every column that holds something sealed: which key opens it, and how another key takes that one's place (ADR 0054).

A test holds the list against the database's catalogue: a column of bytes that is neither here nor known as something
else fails it. What is not here is not counted before a key is taken away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from services.documents import keys as documents
from services.inbound.sealing import Place
from services.webhooks import rotating as webhooks
from tenants.connections import grants
from tenants.connections import rotation as connections
from tenants.connections.rotation import Held
from tenants.identity import second_factors
from tenants.identity.openid import providers
from tenants.mail import service as mail

Opener = Literal["kek", "service"]
Key = Literal["kek", "service", "tenant", "document", "derived"]
"""`kek`: the key-encryption key · `service`: the API's own · `tenant`: a tenant's, by a pair · `document`: a tenant's
for documents · `derived`: from the API's own, for one purpose; nobody brings that over."""


class SealedColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column, as `table.column`.

    Attributes:
        kind: what it holds, as `app.wrapped_by` counts it; empty where that is not counted.
        bound_to: of those that are sealed one by one: what a row (`tenant_id`, `id`, `version`) binds its value to.
        held: of what a tenant's key seals: how it is sealed to that key's next version.
        ends: why nothing has to be brought over.
    """

    name: str
    opened_by: Key
    kind: str = ""
    bound_to: Callable[[Any], bytes] | None = None
    held: Held | None = None
    ends: str = ""


SEALED: Final = (
    # Wrapped anew in thousands, by doors of its own: tenants.connections.rewrapping.
    SealedColumn(name="tenant_key.wrapped", opened_by="kek", kind="tenant key"),
    SealedColumn(name="mail.sealed", opened_by="kek", kind="mail", bound_to=lambda row: mail.context(row["id"])),
    SealedColumn(
        name="identity_provider.secret",
        opened_by="service",
        kind="provider",
        bound_to=lambda row: providers.sealed_for(row["id"]),
    ),
    SealedColumn(
        name="totp.sealed",
        opened_by="service",
        kind="second factor",
        bound_to=lambda row: second_factors.sealed_for(row["id"]),
    ),
    SealedColumn(
        name="inbound_secret.sealed",
        opened_by="service",
        kind="inbound webhook",
        bound_to=lambda row: Place(row["tenant_id"], row["id"], row["version"]).context(),
    ),
    SealedColumn(
        name="document_key.wrapped",
        opened_by="service",
        kind="document key",
        bound_to=lambda row: documents.context(row["tenant_id"], row["version"]),
    ),
    SealedColumn(name="connection_secret.sealed", opened_by="tenant", held=connections.SECRETS),
    SealedColumn(name="connection_grant.sealed", opened_by="tenant", held=grants.SECRETS),
    SealedColumn(
        name="connection_link.sealed", opened_by="tenant", ends="A code that a worker exchanges within a minute"
    ),
    SealedColumn(name="webhook_secret.sealed", opened_by="tenant", held=webhooks.SECRETS),
    SealedColumn(
        name="document.sealed_key", opened_by="document", ends="It opens as long as its tenant's key for documents does"
    ),
    SealedColumn(name="kept_answer.answer", opened_by="derived", ends="It is kept for a day, and asked for again then"),
)
BOUND_TO: Final = {one.kind: one.bound_to for one in SEALED if one.bound_to is not None}
BY_TENANTS: Final = tuple(one.held for one in SEALED if one.held is not None)
