"""How far a connector is proven, in a word; the word is computed by `certification`."""

from __future__ import annotations

from typing import Final, Literal

Level = Literal["certified", "certified before", "simulated", "not certified"]
"""`certified`: its contract tests passed against the real system. `certified before`: they did, and shared code that it
runs through, or a test, has changed since. `simulated`: they passed against a simulator of ours."""
_UNPROVEN: Final = "not certified"
_SHOWN: Final = {_UNPROVEN: "not yet certified", "certified before": "certified for an older version"}


def shown(level: str) -> str:
    """As people read it."""
    return _SHOWN.get(level, level)


def named(name: str, level: str) -> str:
    """A connector's name among others: what no real system has answered is never named without saying so."""
    return f"{name} ({shown(level)})" if level == _UNPROVEN else name
