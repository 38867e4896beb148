"""The sole reader of the environment.

One table says what can be set; `docs/operator/settings.md` and `.env.example` are written from it (`python -m
infra.settings docs|example`) and a test keeps the three equal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from infra import setting_audit as audit
from infra import setting_keys as keys
from infra import setting_mail as mail
from infra import setting_objects as objects
from infra import setting_runner as runner
from infra import setting_values as values
from infra.encryption.secret import Secret
from infra.setting_api import API
from infra.setting_cleaning import CLEANING
from infra.setting_connectors import CONNECTORS
from infra.setting_edge import EDGE
from infra.setting_egress import EGRESS
from infra.setting_retention import RETENTION
from infra.setting_telemetry import TELEMETRY
from infra.setting_values import Definition
from infra.setting_worker import WORKER


class BadSetting(ValueError):
    """A variable holds what it may not. The operator corrects it; nothing was started."""

    def __init__(self, name: str, given: str, expected: str) -> None:
        may_be_secret = "://" in given or "=" in given or name.endswith(("_KEY", "_TOKEN", "_PASSWORD"))
        shown = f"{len(given)} characters" if may_be_secret else given[:80]
        super().__init__(f"{name} is {shown!r}; expected {expected}")
        self.name = name


class Settings(keys.ServiceKey, msgspec.Struct, frozen=True, kw_only=True):
    """All settings, read once per process. URLs hold passwords: never log one whole."""

    home: Path
    database_url: str
    worker_database_url: str
    migrator_database_url: str
    redis_url: str
    api_host: str
    api_port: int
    api_hosts: tuple[str, ...]
    api_max_body: int
    api_rate: int
    api_burst: int
    trusted_proxies: tuple[values.Network, ...]
    dns_resolvers: tuple[tuple[str, int], ...]
    own_domains: tuple[str, ...]
    edge_domain: str
    domain_wait_hours: float
    domain_grace_hours: float
    live_owners: str
    api_url: str
    api_key: str
    kek_file: Path
    kek_old_files: tuple[Path, ...]
    kek_public_file: Path | None
    service_key_file: Path | None
    service_key_old_files: tuple[Path, ...]
    kms_key: str
    kms_old_key: str
    kms_endpoint: str
    kms_access_key: str
    kms_secret_key: Secret | None
    kms_session_token: Secret | None
    drops: Path
    connectors: Path | None
    egress_loopback: bool
    egress_networks: tuple[values.Network, ...]
    egress_denied: tuple[values.Network, ...]
    lease_seconds: float
    poll_seconds: float
    check_seconds: float
    worker_slots: int
    worker_processes: int
    solo_deaths: int
    tenant_running: int
    exception_days: int
    notice_days: int
    webhook_days: int
    crash_points: bool
    crash_point: str
    log_level: str
    demo_erp_url: str
    backup_days: int
    archive_folder: Path | None
    retention_days: int
    retention_floor_days: int
    audit_key_file: Path
    audit_heads: Path | Literal["objects"] | None
    mail_host: str
    mail_port: int
    mail_security: Literal["starttls", "tls", "none"]
    mail_user: str
    mail_password: Secret | None
    mail_greeting: str
    mail_ca: Path | None
    objects_folder: Path
    objects_s3_url: str
    objects_s3_region: str
    objects_s3_key_id: str
    objects_s3_key: Secret | None
    document_max: int
    document_days: dict[str, int]
    document_scan: str
    document_scan_required: bool
    document_scan_seconds: float
    runner_url: str
    runner_token: Secret | None
    runner_kinds: tuple[str, ...]
    runner_seconds: float
    runner_repeats: bool
    metrics_host: str
    metrics_port: int | None
    otel_sdk_disabled: bool
    otel_traces_exporter: str
    otel_metrics_exporter: str
    otel_exporter_otlp_endpoint: str
    otel_exporter_otlp_traces_endpoint: str
    otel_exporter_otlp_metrics_endpoint: str
    otel_exporter_otlp_protocol: str
    otel_exporter_otlp_headers: dict[str, str]
    otel_exporter_otlp_timeout: int
    otel_traces_sampler: str
    otel_traces_sampler_arg: float
    otel_service_name: str
    otel_resource_attributes: dict[str, str]
    otel_bsp_max_queue_size: int
    otel_bsp_max_export_batch_size: int
    otel_bsp_schedule_delay: int
    otel_metric_export_interval: int

    @property
    def processes(self) -> tuple[str, ...]:
        """Kinds of programs that documents may start: none without a runner."""
        return self.runner_kinds if self.runner_url else ()


_POSTGRES: Final = values.url("postgresql", "postgres")
_POSTGRES_FORM: Final = "postgresql://user:password@host:port/database"

DEFINITIONS: Final = (
    Definition("home", ".waybill", "a folder", "Folder of the embedded data, secrets and logs.", values.folder),
    Definition(
        "database_url",
        "",
        _POSTGRES_FORM,
        "Database as the API's role. Empty: `waybill up` starts the embedded PostgreSQL.",
        _POSTGRES,
    ),
    Definition("worker_database_url", "", _POSTGRES_FORM, "Database as the worker's role.", _POSTGRES),
    Definition(
        "migrator_database_url",
        "",
        _POSTGRES_FORM,
        "Database as the role that changes the schema; only `waybill migrate` needs it.",
        _POSTGRES,
    ),
    Definition(
        "redis_url",
        "",
        "redis://:password@host:port/0 (or rediss://)",
        "Redis or Valkey for doorbells. Empty: `waybill up` starts the embedded Valkey.",
        values.url("redis", "rediss"),
    ),
    *API,
    *EDGE,
    Definition(
        "api_url",
        "",
        "http://host:port or https://host",
        "API that the command line talks to. Empty: the one of the `waybill up` that runs in the home.",
        values.url("http", "https"),
    ),
    Definition(
        "api_key",
        "",
        "an API key",
        "API key of the command line. Empty: the demo key of `waybill up`, for that home's own API only.",
        str,
    ),
    *keys.KEYS,
    *CONNECTORS,
    *EGRESS,
    *WORKER,
    *CLEANING,
    Definition(
        "crash_points",
        "false",
        "true or false",
        "For failure tests only: honours `WAYBILL_CRASH_POINT`.",
        values.switch,
    ),
    Definition("crash_point", "", "the name of a crash point", "For failure tests only: where a worker dies.", str),
    Definition("log_level", "info", "debug, info, warning or error", "Least severity that is logged.", values.level),
    Definition(
        "demo_erp_url",
        "",
        "http://host:port",
        "The simulated ERP that the demo client is connected to; `waybill up` sets it.",
        values.url("http", "https"),
    ),
    *RETENTION,
    *audit.AUDIT,
    *mail.MAIL,
    *objects.OBJECTS,
    *runner.RUNNER,
    *TELEMETRY,
)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in `environ` (the process's own when None).

    Raises:
        BadSetting: names the variable, what was given and what is expected.
    """
    source = os.environ if environ is None else environ
    found: dict[str, Any] = {}
    for definition in DEFINITIONS:
        given = source.get(definition.name, "").strip()
        text = given or definition.default.replace("{home}", str(found.get("home", "")))
        try:
            found[definition.field] = definition.read(text)
        except ValueError:
            raise BadSetting(definition.name, given, definition.expected) from None
    if not found["crash_points"]:
        found["crash_point"] = ""
    if runner.missing(found):
        raise BadSetting("WAYBILL_RUNNER_TOKEN", "", "a token, since WAYBILL_RUNNER_URL is set")
    if keys.missing(found):
        raise BadSetting("WAYBILL_KMS_SECRET_KEY", "", "credentials, since a key of AWS KMS is named")
    if objects.missing(found):
        raise BadSetting("WAYBILL_OBJECTS_S3_KEY", "", "a key and its id, since WAYBILL_OBJECTS_S3_URL is set")
    if audit.missing(found):
        raise BadSetting("WAYBILL_OBJECTS_S3_URL", "", "a bucket, since WAYBILL_AUDIT_HEADS is `objects`")
    if stands := mail.missing(found):
        raise BadSetting(stands[0], "", stands[1])
    return Settings(**found)


def child_environment(changes: Mapping[str, str], environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a process that we start: this one's with `changes`; an empty text removes a variable."""
    source = dict(os.environ if environ is None else environ)
    source.update(changes)
    return {name: value for name, value in source.items() if value or name not in changes}


def runtime_folder(environ: Mapping[str, str] | None = None) -> Path | None:
    """The user's own folder for sockets (XDG base directories), when the session has one."""
    source = os.environ if environ is None else environ
    given = source.get("XDG_RUNTIME_DIR", "")
    return Path(given) if given.startswith("/") else None


def table() -> str:
    """`docs/operator/settings.md`."""
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable, read in one place (`infra/settings.py`). This page and",
        "`.env.example` are written from the table there: `python -m infra.settings docs` and `example`.",
        "An empty variable counts as absent. A bad value stops the process with an error that names it.",
        "",
        "| variable | default | expected | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for line in DEFINITIONS:
        default = line.default.replace("{home}", "$WAYBILL_HOME")
        lines.append(f"| `{line.name}` | {f'`{default}`' if default else ''} | {line.expected} | {line.meaning} |")
    return "\n".join(lines) + "\n"


def example() -> str:
    """`.env.example`: every variable, commented out, with its default."""
    lines = ["# Copy what you need; docs/operator/settings.md explains each. `set -a; . ./.env` loads it.", ""]
    for line in DEFINITIONS:
        lines += [f"# {line.meaning}", f"#{line.name}={line.default.replace('{home}', '$WAYBILL_HOME')}", ""]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write({"docs": table, "example": example}[sys.argv[1]]())
