"""Attempts of callers whom nobody knows, counted for each host and written down in the log of whose it is (ADR 0067).

There is nobody to name, and no log at which they aimed but the host's: so a record says how many came, from how many
networks and at which routes. Whoever floods a host makes a number larger and no record more.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from infra import clock
from infra.database import Database, Scope, surviving
from infra.setting_values import Network
from services.api.client_network import network_of
from tenants.audit import service as audit

ACTION: Final = "access.unknown"
NOBODY: Final = "nobody"
AIMED_AT: Final = "aimed_at"
"""Where the state of a request holds the place at which it was aimed, where its address alone tells that."""
HOST_OF: Final = "host_of"
"""Where it holds the partner whose host it came to."""
KNOWN: Final = "known"
"""Where it says that somebody proved to be known, though no key or account of the API."""
FIRST_SECONDS: Final = 60.0
LONGEST_SECONDS: Final = 3_600.0
"""Between two records of a host while attempts go on: the first after a minute, then twice as long each time."""
MOST: Final = 100
"""Hosts that get a record of their own in a minute; the rest are one record together, of the operator's."""
_NETWORKS: Final = 1_000
_ROUTES: Final = 5
_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS})
_ASKED_FIRST: Final = ("GET", "/portal/session")
"""How a page finds out that somebody has to sign in: no attempt."""

Place = tuple[Scope, str]
"""Whose log, and what it was aimed at: a host that is somebody's, or an endpoint."""


class _Count:
    """What came to one place since it was last told of."""

    def __init__(self) -> None:
        self.seconds = FIRST_SECONDS
        self.due = clock.monotonic() + FIRST_SECONDS
        self.began = clock.monotonic()
        self.routes: Counter[str] = Counter()
        self.networks: set[str] = set()
        self.limited = 0

    def add(self, route: str, network: str, *, is_limited: bool) -> None:
        self.routes[route] += 1
        self.limited += is_limited
        if len(self.networks) < _NETWORKS:
            self.networks.add(network)

    def told(self) -> dict[str, Any]:
        """What a record says; counting begins anew."""
        after = {
            "attempts": self.routes.total(),
            "too_many": self.limited,
            "networks": len(self.networks),
            "routes": dict(self.routes.most_common(_ROUTES)),
            "seconds": round(clock.monotonic() - self.began),
        }
        self.routes, self.networks, self.limited, self.began = Counter(), set(), 0, clock.monotonic()
        return after


class Strangers:
    """One for the process. What it has not yet written is lost with it; the access log has every attempt."""

    def __init__(self, proxies: Sequence[Network]) -> None:
        self._proxies = proxies
        self._counts: dict[Place, _Count] = {}

    def note(self, scope: Any, status: int, host: str) -> None:
        """An answer was sent. Only those to nobody that is known count; `host` is one that is somebody's."""
        state = scope["state"]
        route = (scope["method"], scope.get("path_template", ""))
        is_known = state.get("principal") is not None or state.get(KNOWN, False)
        if status not in _REFUSED or is_known or route == _ASKED_FIRST:
            return
        partner: UUID | None = state.get(HOST_OF)
        whose = Scope.operator() if partner is None else Scope.partner(partner)
        count = self._counts.setdefault(state.get(AIMED_AT, (whose, host)), _Count())
        count.add(" ".join(route), network_of(scope, self._proxies), is_limited=status == HTTPStatus.TOO_MANY_REQUESTS)

    async def look_after(self, database: Database, seconds: float = FIRST_SECONDS / 4) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            with surviving("recording attempts of nobody that is known"):
                await self.write(database)

    async def write(self, database: Database, *, all_of_them: bool = False) -> int:
        """Records that are due, or all; answers how many."""
        due = sorted(
            (place for place, count in self._counts.items() if all_of_them or count.due <= clock.monotonic()),
            key=lambda place: -self._counts[place].routes.total(),
        )
        records = [(place, self._take(place)) for place in due if self._is_worth(place)]
        if len(records) > MOST:
            rest = [after for _, after in records[MOST:]]
            together = {"hosts": len(rest), "attempts": sum(one["attempts"] for one in rest)}
            records = [*records[:MOST], ((Scope.operator(), "others"), together)]
        for (rows, host), after in records:
            with surviving("recording attempts of nobody that is known"):
                async with database.session(rows) as session:
                    await audit.record(session, actor=NOBODY, action=ACTION, target=host, after=after)
                    await session.commit()
        return len(records)

    def _is_worth(self, place: Place) -> bool:
        """Whether anything came; a place to which nothing did is forgotten, and begins with a minute again."""
        if self._counts[place].routes:
            return True
        del self._counts[place]
        return False

    def _take(self, place: Place) -> dict[str, Any]:
        count = self._counts[place]
        count.due = clock.monotonic() + count.seconds
        count.seconds = min(2 * count.seconds, LONGEST_SECONDS)
        return count.told()
