"""What the product tells of itself: traces, metrics, and whom a log line is about (ADR 0013)."""

from infra.telemetry import instruments, trace
from infra.telemetry.process import Telemetry
from infra.telemetry.subject import subject, working_for

__all__ = ["Telemetry", "instruments", "subject", "trace", "working_for"]
