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
from services.api.conditions import CREATING
from services.api.errors import TooManyRequests
from services.api.inbound_policy import REPLAY
from services.api.policy import POLICY, PREFIX, Route
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
_DEAR_ENDS: Final = {
    "GET": ("/export", "/audit/export", "/audit/verification"),
    "POST": (
        *(
            "/deployments/{deployment}/migrations",
            "/runs/redrive",
            "/exceptions/act",
            "/webhook-endpoints/{endpoint}/replay",
        ),
        *("/mappings/{mapping}/try", "/mappings/{mapping}/release", "/onboarding", "/audit/forget"),
        REPLAY,
    ),
}
_PLACES: Final = ("/v1", PREFIX, "/v1/organization", "/v1/partners/{partner}")
TOKEN_ROUTE: Final[Route] = ("POST", "/v1/oauth/token")
COST: Final[dict[Route, int]] = dict.fromkeys((*CREATING, TOKEN_ROUTE), _DEAR) | {
    ("POST", "/v1/domains/{domain}/check"): _DEAR,
    ("PATCH", "/v1/brand"): _DEAR,
    **{
        (method, f"{at}{end}"): _DEAR
        for method, ends in _DEAR_ENDS.items()
        for end in ends
        for at in _PLACES
        if (method, f"{at}{end}") in POLICY
    },
}
"""Routes that weigh more than one call: they compile, draw, look through or send many rows, or make what stays."""


class Throttle:
    """One for the process."""

    def __init__(self, settings: Settings) -> None:
        rate, burst = settings.api_rate, settings.api_burst
        self._proxies: Sequence[Network] = settings.trusted_proxies
        self._callers = Rate("caller", rate, burst)
        self._tenants = Rate("tenant", TENANT_TIMES * rate, TENANT_TIMES * burst)
        self._strangers = Rate("network", _FAILURES_A_SECOND, _FAILURES)
        self._webhooks = Rate("webhook", rate, burst)
        # What anybody may send to an address that got about, before the one who signs has to wait.
        self._knocks = Rate("address", TENANT_TIMES * rate, TENANT_TIMES * burst)

    def admit(self, scope: Any, principal: Principal, whose: UUID | None) -> None:
        """Count a call of somebody known, and leave headers that say what is left.

        Raises:
            TooManyRequests: of the caller, or of its tenant or partner with all its keys.
        """
        cost = COST.get((scope["method"], scope["path_template"]), 1)
        self._count(scope, self._callers, principal.key_id or principal.account_id, whose, cost)

    def knock(self, hook: UUID) -> None:
        """A request came to the address of a webhook, whoever sent it; before anything of it is read.

        Raises:
            TooManyRequests: of that address.
        """
        allowed = self._knocks.take(hook)
        if allowed.wait:
            raise TooManyRequests(_words(self._knocks), allowed.wait)

    def deliver(self, scope: Any, hook: UUID, tenant: UUID) -> None:
        """Count a webhook whose sender is proven, as a call of the tenant's.

        Raises:
            TooManyRequests: of the webhook, or of its tenant with all that it sends.
        """
        self._count(scope, self._webhooks, hook, tenant, 1)

    def _count(self, scope: Any, rate: Rate, who: UUID | None, whose: UUID | None, cost: int) -> None:
        allowed = rate.take(who, cost)
        if allowed.wait == 0 and whose is not None:
            of_tenant = self._tenants.take(whose, cost)
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
    whose = {
        "caller": "This key or account has",
        "tenant": "The keys of this client and environment have together",
        "webhook": "The sender of this webhook has",
        "address": "Whoever sends to this address has",
    }
    return f"{whose.get(rate.name, _STRANGERS)} used up what is allowed at once"


def _told(rate: Rate, allowed: Allowed) -> list[tuple[bytes, bytes]]:
    return [
        (b"ratelimit-policy", f'"{rate.name}";q={rate.burst};w={rate.window}'.encode()),
        (b"ratelimit", f'"{rate.name}";r={allowed.left};t={math.ceil(allowed.reset)}'.encode()),
    ]
