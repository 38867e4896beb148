"""How far a connector is proven, in a word; the word is computed by `certification`."""

from __future__ import annotations

from typing import Final, Literal

Level = Literal["certified", "simulated", "not certified"]
"""`certified`: its contract tests passed against the real system. `simulated`: against a simulator of ours."""
_UNPROVEN: Final = "not certified"


def shown(level: str) -> str:
    """As people read it."""
    return "not yet certified" if level == _UNPROVEN else level


def named(name: str, level: str) -> str:
    """A connector's name among others: what no real system has answered is never named without saying so."""
    return f"{name} ({shown(level)})" if level == _UNPROVEN else name
