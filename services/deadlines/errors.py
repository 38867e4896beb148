from __future__ import annotations

from infra.problems import Invalid


class InvalidPlan(Invalid):
    """The plan of a deadline breaks a rule. `errors` lists `{pointer, detail}`, within the plan."""

    name = "invalid-deadline"
    title = "The deadline breaks a rule"


class UnknownKind(LookupError):
    """Nobody knows what to do when a deadline of such a subject comes: a kind takes a line in `kinds.KINDS`."""


class Overtaken(Exception):
    """Somebody else has taken the deadline, or it was computed anew: nothing of this transaction may be committed."""
