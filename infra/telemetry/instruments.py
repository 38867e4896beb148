"""Everything that is measured. A new instrument is a line here and a row in docs/operator/telemetry.md."""

from __future__ import annotations

from typing import Final

from infra.telemetry.metrics import Counter, Gauge, Histogram, Instrument, Observed

_BATCHES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)

REQUESTS: Final = Histogram(
    "http.server.request.duration",
    "s",
    "API requests, by method, route template and status class. Streams are left out.",
    ("http.request.method", "http.route", "http.response.status_class"),
)
RUNS: Final = Gauge("waybill.runs", "{run}", "Runs that have not ended, by state; 10,000 stands for more.", ("state",))
QUEUE_DEPTH: Final = Gauge(
    "waybill.queue.depth", "{run}", "Runs that are ready and in no worker's hands; 10,000 stands for more."
)
QUEUE_AGE: Final = Gauge("waybill.queue.age", "s", "Age of the oldest run that no worker has taken yet.")
RUNS_STARTED: Final = Counter("waybill.runs.started", "{run}", "Runs that events started.")
RUNS_ENDED: Final = Counter("waybill.runs.ended", "{run}", "Runs that ended, by state.", ("state",))
RUN_DURATION: Final = Histogram(
    "waybill.run.duration", "s", "From a run's start to its end, waits included, by final state.", ("state",)
)
CLAIMS: Final = Counter("waybill.claims", "{run}", "Runs that workers took from the queue.")
COMMITS: Final = Counter(
    "waybill.commits", "{checkpoint}", "Checkpoints of runs: committed, repeated or lost.", ("outcome",)
)
FLUSH_CHECKPOINTS: Final = Histogram(
    "waybill.flush.checkpoints", "{checkpoint}", "Checkpoints in one commit.", bounds=_BATCHES
)
FLUSH_DURATION: Final = Histogram("waybill.flush.duration", "s", "Time of one commit.")
RETRIES: Final = Counter(
    "waybill.retries", "{call}", "Calls that are made again later, since the other side is away.", ("function",)
)
CONNECTOR_CALLS: Final = Histogram(
    "waybill.connector.duration",
    "s",
    "Calls of connected systems, by connector, operation and outcome (done, failed, later, error).",
    ("connector", "operation", "outcome"),
)
QUOTA_REFUSED: Final = Counter(
    "waybill.quota.refused", "{event}", "Events that were refused by a quota.", ("quota", "level")
)
WEBHOOKS: Final = Counter(
    "waybill.webhooks.received",
    "{request}",
    "Requests to addresses of webhooks, by what became of them.",
    ("outcome",),
)
SECRETS_UNREADABLE: Final = Counter(
    "waybill.secrets.unreadable", "{secret}", "Stored secrets that did not open: moved, altered, or of another key."
)
KEY_SERVICE_FAILED: Final = Counter(
    "waybill.key_service.failed", "{call}", "Calls of the key service that failed, by why.", ("reason",)
)
AUDIT_UNSEALED: Final = Gauge(
    "waybill.audit.unsealed", "s", "How long the oldest record of an audit waits for its seal; a minute is the promise."
)
AUDIT_UNPUBLISHED: Final = Gauge(
    "waybill.audit.unpublished", "s", "How long the oldest signed head of an audit waits for being published."
)
DROPPED: Final = Observed(
    "waybill.telemetry.dropped", "{span}", "Spans that were not exported: queue full or export failed.", ("reason",)
)

INSTRUMENTS: Final[tuple[Instrument, ...]] = (
    REQUESTS,
    RUNS,
    QUEUE_DEPTH,
    QUEUE_AGE,
    RUNS_STARTED,
    RUNS_ENDED,
    RUN_DURATION,
    CLAIMS,
    COMMITS,
    FLUSH_CHECKPOINTS,
    FLUSH_DURATION,
    RETRIES,
    QUOTA_REFUSED,
    SECRETS_UNREADABLE,
    KEY_SERVICE_FAILED,
    CONNECTOR_CALLS,
    WEBHOOKS,
    AUDIT_UNSEALED,
    AUDIT_UNPUBLISHED,
    DROPPED,
)
