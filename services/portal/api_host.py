"""A partner's own host for the API: the API as it is, under the partner's name and for its own keys (ADR 0050)."""

from __future__ import annotations

from typing import Any, Final

from services.api.access import ISSUER, OF_PARTNER
from services.portal import origin
from services.portal.brands import Brand

STATE: Final = "api_host"


def enter(scope: Any, brand: Brand, host: bytes) -> None:
    """Cookies say nothing here, so no page of another site can borrow a session; keys of others are unknown (S-07).

    Tokens are of this host: it names no other, and takes none that was got elsewhere.
    """
    scope["state"][STATE] = True
    scope["state"][OF_PARTNER] = brand.partner_id
    scope["state"][ISSUER] = origin.of(host.decode("latin-1"))


def is_api(scope: Any) -> bool:
    return STATE in scope["state"]
