from __future__ import annotations

from infra.egress.guard import Guard
from infra.settings import Settings


def guard(settings: Settings) -> Guard:
    """The operator's rules of the way out."""
    return Guard(
        allow_loopback=settings.egress_loopback,
        networks=map(str, settings.egress_networks),
        denied=map(str, settings.egress_denied),
        closed=filter(None, [settings.runner_url, _mail_server(settings)]),
    )


def _mail_server(settings: Settings) -> str:
    """As a URL, whose host and port are what counts."""
    host = f"[{settings.mail_host}]" if ":" in settings.mail_host else settings.mail_host
    return f"https://{host}:{settings.mail_port}" if host else ""
