"""The settings of worker processes: how many runs they hold, and for how long."""

from __future__ import annotations

from typing import Final

from infra import setting_values as values
from infra.setting_values import Definition

WORKER: Final = (
    Definition(
        "lease_seconds",
        "30",
        "seconds, 1 to 3600",
        "How long a worker holds a run before another may take it.",
        values.seconds(1, 3600),
    ),
    Definition(
        "poll_seconds",
        "1",
        "seconds, 0.05 to 60",
        "How often a worker looks for due runs when no doorbell rings.",
        values.seconds(0.05, 60),
    ),
    Definition(
        "check_seconds",
        "900",
        "0 for never, or seconds, 300 to 86400",
        "How often a connection is asked how it is, beside each time it is changed; 0: never, not even then.",
        values.seconds_or_never(300, 86_400),
    ),
    Definition("worker_slots", "64", "1 to 1024", "Runs in flight in one worker process.", values.whole(1, 1024)),
    Definition(
        "worker_processes", "1", "1 to 64", "Worker processes that `waybill worker` starts.", values.whole(1, 64)
    ),
    Definition(
        "solo_deaths",
        "3",
        "1 to 100",
        "Workers that a run may take down alone before it is set aside as poison.",
        values.whole(1, 100),
    ),
    Definition(
        "tenant_running",
        "50",
        "1 to 10000",
        "Runs of one tenant that all workers together may hold at once; keep it under the slots of all workers.",
        values.whole(1, 10000),
    ),
)
