from __future__ import annotations

from infra.problems import Conflict


class WorkaroundRetired(Conflict):
    """It is done with. Note it anew if it came back."""

    name = "workaround-retired"
    title = "The workaround is retired"


class WorkaroundChanged(Conflict):
    """Somebody acted on it since it was read. Read it again and decide."""

    name = "workaround-changed"
    title = "The workaround has changed"
