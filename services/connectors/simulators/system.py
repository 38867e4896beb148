"""What the front of a simulator needs of the system behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from services.connectors.simulators.faults import Faults
from services.connectors.simulators.http import Answered, Asked


class System(Protocol):
    """One simulated system: its state and what it answers. Failures and control are the front's.

    `failures`: those that it can be told to have, named with dashes; any other is refused.
    """

    failures: frozenset[str]

    def refusal(self, asked: Asked, path: str) -> Answered | None:
        """Why the credentials do not let the request in; None: they do."""
        ...

    def answer(self, asked: Asked, path: str, query: str) -> Answered:
        """Do what is asked."""
        ...

    def expire(self) -> Answered:
        """Forget the tokens and sessions that were given out; the answer to who still has one."""
        ...

    def drifted(self, answered: Answered) -> Answered:
        """The same in a form that the connector does not know."""
        ...

    def state(self, *, with_keys: bool) -> dict[str, Any]:
        """Counts to check a test by."""
        ...

    def learn(self, books: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        """Know these documents, by kind, beside its own and in their place. Raises ValueError: it keeps no such."""
        ...

    def passed(self, seconds: float) -> None:
        """So much more time has passed for it."""
        ...

    def failing(self, faults: Faults) -> None:
        """It has these failures from now on; those of webhooks are its own to have."""
        ...

    async def open(self) -> dict[str, str]:
        """Begin to listen beside the front, where it does; what is to be known of that."""
        ...

    async def run(self) -> None:
        """What it does without being asked, until it is cancelled."""
        ...

    def close(self) -> None: ...
