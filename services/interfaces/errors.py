from __future__ import annotations

from infra.problems import NotFound


class UnknownInterface(NotFound):
    """Nothing was said of such an interface."""
