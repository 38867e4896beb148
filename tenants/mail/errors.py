from __future__ import annotations

from typing import ClassVar

from infra.problems import Problem


class UnknownSuppression(Problem):
    """There is no such suppression, or none that the caller may see. Nothing was changed; list those that are there."""

    name: ClassVar[str] = "unknown-suppression"
    title: ClassVar[str] = "There is no such suppressed address"
    status: ClassVar[int] = 404
