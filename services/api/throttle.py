"""Holds callers to their rates: each key or account, each tenant, and each network that fails to prove who it is.

The nearest limit is told with every answer (draft-ietf-httpapi-ratelimit-headers-10).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from infra.setting_values import Network
from infra.settings import Settings
from services.api.client_network import network_of
from services.api.errors import TooManyRequests
from services.api.policy import CREATING, PREFIX, Route
from services.api.rates import Allowed, Rate
from tenants.identity.principal import Principal

HEADERS: Final = "headers"
"""Where the state of a request holds further headers of its answer, pairs of bytes."""
TENANT_TIMES: Final = 4
"""A tenant may call as often as so many of its keys."""
_FAILURES_A_SECOND: Final = 1.0
_FAILURES: Final = 60
_STRANGERS: Final = "Too many wrong credentials came from your network, which has"
_DEAR: Final = 10
_DEAR_IN_TENANT: Final = ("/deployments/{deployment}/migrations", "/runs/redrive", "/exceptions/act")
COST: Final[dict[Route, int]] = dict.fromkeys(CREATING, _DEAR) | {
    ("POST", f"{at}{path}"): _DEAR for path in _DEAR_IN_TENANT for at in ("/v1", PREFIX)
}
"""Routes that weigh more than one call: they compile, look through many rows, or make what stays."""


class Throttle:
    """One for the process."""

    def __init__(self, settings: Settings) -> None:
        rate, burst = settings.api_rate, settings.api_burst
        self._proxies: Sequence[Network] = settings.trusted_proxies
        self._callers = Rate("caller", rate, burst)
        self._tenants = Rate("tenant", TENANT_TIMES * rate, TENANT_TIMES * burst)
        self._strangers = Rate("network", _FAILURES_A_SECOND, _FAILURES)

    def admit(self, scope: Any, principal: Principal, tenant: UUID | None) -> None:
        """Count a call of somebody known, and leave headers that say what is left.

        Raises:
            TooManyRequests: of the caller, or of its tenant with all its keys.
        """
        cost = COST.get((scope["method"], scope["path_template"]), 1)
        rate = self._callers
        allowed = rate.take(principal.key_id or principal.account_id, cost)
        if allowed.wait == 0 and tenant is not None:
            of_tenant = self._tenants.take(tenant, cost)
            if of_tenant.wait or of_tenant.left < allowed.left:
                rate, allowed = self._tenants, of_tenant
        scope["state"][HEADERS] += _told(rate, allowed)
        if allowed.wait:
            raise TooManyRequests(_words(rate), allowed.wait)

    def failed(self, scope: Any) -> None:
        """A credential was wrong. Who has a right one is let in all the same: others share its network.

        Raises:
            TooManyRequests: as were too many of this network's.
        """
        allowed = self._strangers.take(network_of(scope, self._proxies))
        if allowed.wait:
            raise TooManyRequests(_words(self._strangers), allowed.wait)


def _words(rate: Rate) -> str:
    whose = {"caller": "This key or account has", "tenant": "The keys of this client and environment have together"}
    return f"{whose.get(rate.name, _STRANGERS)} used up what is allowed at once"


def _told(rate: Rate, allowed: Allowed) -> list[tuple[bytes, bytes]]:
    return [
        (b"ratelimit-policy", f'"{rate.name}";q={rate.burst};w={rate.window}'.encode()),
        (b"ratelimit", f'"{rate.name}";r={allowed.left};t={math.ceil(allowed.reset)}'.encode()),
    ]
