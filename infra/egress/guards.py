"""The guard of each tenant: the operator's rules, and the private networks that it opened to that tenant alone."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from infra.egress.addresses import Network
from infra.egress.guard import Guard

Allowed = Callable[[UUID], tuple[Network, ...]]
"""The private networks that a tenant may reach beside what everybody may; asked before each call, from memory."""


def nothing_beside(_tenant: UUID) -> tuple[Network, ...]:
    return ()


class Guards:
    """One for a client. A tenant's guard is another object as soon as its networks are others."""

    def __init__(self, base: Guard, allowed: Allowed) -> None:
        self._base = base
        self._allowed = allowed
        self._kept: dict[UUID, tuple[tuple[Network, ...], Guard]] = {}

    def of(self, tenant: UUID) -> Guard:
        networks = self._allowed(tenant)
        if not networks:
            self._kept.pop(tenant, None)
            return self._base
        kept = self._kept.get(tenant)
        if kept is None or kept[0] != networks:
            kept = self._kept[tenant] = (networks, self._base.beside(networks))
        return kept[1]
