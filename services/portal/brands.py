"""Whose host a request came to, and how they look."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from infra.database import Database, is_outage
from services.api.call import Call
from tenants.identity.sessions import Place
from tenants.organizations import branding
from tenants.organizations.branding import Brand

__all__ = ["Brand", "Brands", "brand_of", "place_of"]

REMEMBERED_SECONDS: Final = 2.0
_REMEMBERED: Final = 1_000


class Brands:
    """Brands by host; an answer is good for two seconds (S-06), and beyond while the database is away."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[str, tuple[float, Brand | None]] = {}

    async def find(self, host: str) -> Brand | None:
        """The brand of `host` (lower case, no port); None: nobody's, or that of a disabled partner.

        Raises: as the database does when it is away and the host was not asked for before.
        """
        known = self._known.get(host)
        if known is not None and known[0] > self._clock():
            return known[1]
        try:
            found = await branding.of_host(self._database, host)
        except Exception as error:
            # A page that says that something is away beats none at all; it holds nothing that is anyone's.
            if known is not None and is_outage(error):
                return known[1]
            raise
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[host] = (self._clock() + REMEMBERED_SECONDS, found)
        return found

    def forget(self) -> None:
        """Ask the database again for every host."""
        self._known.clear()


def brand_of(request: Call) -> Brand:
    """The brand of the request's host, which the outermost layer found."""
    found: Brand = request.scope["state"]["brand"]
    return found


def place_of(brand: Brand) -> Place:
    return Place(brand.partner_id, brand.host)
