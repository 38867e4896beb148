"""When what signs a connection's calls ends, where that can be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec
from cryptography import x509

from services.connectors.sdk import claims
from services.connectors.sdk.context import OpenConnection
from services.connectors.sdk.grant import Grant

_CERTIFICATE: Final = "-----BEGIN CERTIFICATE-----"
_FETCHED: Final = "the token that its credentials are exchanged for, which is fetched anew by itself"
_AUTHORIZED: Final = "what somebody allowed at the system, which gives nothing to renew it by: make a link before"


class Ending(msgspec.Struct, frozen=True, order=True):
    """`what`: a setting or secret, in words. `renews`: nobody has to do anything."""

    at: datetime
    what: str
    renews: bool = False


def first(connection: OpenConnection, grant: Grant | None) -> Ending | None:
    """Of what a person renews; where there is nothing of that, of what is fetched anew by itself."""
    held = list(_held(connection))
    if grant is not None and grant.ends_at is not None and not grant.renews:
        held.append(Ending(grant.ends_at, _AUTHORIZED))
    if not held and grant is not None and grant.ends_at is not None:
        return Ending(grant.ends_at, _FETCHED, renews=True)
    return min(held, default=None)


def _held(connection: OpenConnection) -> Iterator[Ending]:
    for name, value in connection.settings.items():
        if isinstance(value, str) and _CERTIFICATE in value and (at := _of_certificate(value)) is not None:
            yield Ending(at, f"the certificate in the setting `{name}`")
    for name, secret in connection.secrets.items():
        if (at := claims.ends(secret.reveal())) is not None:
            yield Ending(at, f"the secret `{name}`")


def _of_certificate(text: str) -> datetime | None:
    try:
        return x509.load_pem_x509_certificate(text.encode()).not_valid_after_utc
    except ValueError:
        return None
