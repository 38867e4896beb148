from __future__ import annotations

from infra.egress.guard import Guard
from infra.settings import Settings


def guard(settings: Settings) -> Guard:
    """The operator's rules of the way out."""
    return Guard(
        allow_loopback=settings.egress_loopback,
        networks=map(str, settings.egress_networks),
        denied=map(str, settings.egress_denied),
        closed=filter(None, [settings.runner_url]),
    )
