from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from infra.egress.guard import Guard
from infra.settings import Settings

_PORTS: Final = {"postgresql": 5432, "postgres": 5432, "redis": 6379, "rediss": 6379, "http": 80, "https": 443}


def guard(settings: Settings) -> Guard:
    """The operator's rules of the way out."""
    return Guard(
        allow_loopback=settings.egress_loopback,
        networks=map(str, settings.egress_networks),
        denied=map(str, settings.egress_denied),
        closed=filter(None, [settings.runner_url, _mail_server(settings)]),
        own=own(settings),
    )


def own(settings: Settings) -> Iterator[str]:
    """Where the installation's own servers stand, as URLs, whose host and port are what counts."""
    for url in (
        settings.objects_s3_url,
        settings.kms_endpoint,
        settings.otel_exporter_otlp_endpoint,
        settings.otel_exporter_otlp_traces_endpoint,
        settings.otel_exporter_otlp_metrics_endpoint,
        settings.database_url,
        settings.worker_database_url,
        settings.migrator_database_url,
        settings.redis_url,
    ):
        parts = urlsplit(url)
        # Those that come with us listen at sockets, which have no host.
        if parts.hostname:
            yield _url(parts.hostname, parts.port or _PORTS.get(parts.scheme, 443))


def _mail_server(settings: Settings) -> str:
    return _url(settings.mail_host, settings.mail_port) if settings.mail_host else ""


def _url(host: str, port: int) -> str:
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
