"""Settings of what is removed by its age: rows that only grow, and belong to no run."""

from __future__ import annotations

from typing import Final

from infra import setting_values as values
from infra.setting_values import Definition

CLEANING: Final = (
    Definition(
        "exception_days",
        "365",
        "days, 1 to 36500",
        "How long an exception is kept after it was closed, and a deadline after it ended.",
        values.whole(1, 36_500),
    ),
    Definition(
        "notice_days",
        "90",
        "days, 1 to 36500",
        "How long a notice or mail is kept; a notice whose outage lasts, or whose question is open, stays as long.",
        values.whole(1, 36_500),
    ),
    Definition(
        "webhook_days",
        "30",
        "days, 8 to 3650",
        "How long a webhook that came in is kept as it came: to be replayed, and to be known when it comes again.",
        values.whole(8, 3_650),
    ),
)
