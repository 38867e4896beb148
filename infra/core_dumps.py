"""A core file would hold every secret that the process had open, so none is written (S-73)."""

from __future__ import annotations

import resource


def forbid() -> None:
    """For this process and all that it starts. Safe to repeat."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
