"""What a deadline may be of, and what is done when one of its steps is due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database
from services.deadlines.plan import Step

KINDS: Final[Mapping[str, str]] = {"human-task": "tsk", "hold": "hld", "exception": "exc"}
"""Kinds of subjects, each with what its ids begin with. The worker's composition has an `Act` for each."""


class Subject(msgspec.Struct, frozen=True):
    """What a deadline is of. There is one open deadline of it at most."""

    kind: str
    id: UUID

    @property
    def shown(self) -> str:
        return ids.show(KINDS[self.kind], self.id)


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A step whose time has come.

    Attributes:
        place: of the step among the deadline's, counted from 0.
        at: when it was to be done; it may be later by now.
        due_at: when the step `due` is, done or not.
    """

    tenant: UUID
    deadline: UUID
    subject: Subject
    run: UUID | None
    place: int
    step: Step
    at: datetime
    due_at: datetime | None

    @property
    def key(self) -> str:
        """The same each time that this step is tried: for what is done elsewhere than in the database."""
        return f"{self.deadline.hex}-{self.place}"


class Act(Protocol):
    """Does what a step says, for subjects of one kind.

    Everything is done in `transaction` (asyncpg, open for the tenant), in which it is noted that the step is done: both
    are committed, or neither. Nothing is sent to anybody in it; what is to be sent is a row of an outbox. It may end
    the deadline (`deadlines.end`). What is locked is locked in the order of those who decide: the subject, then its
    deadline.
    """

    async def __call__(self, transaction: Any, due: Due, /) -> bool:
        """False: the subject is over, there was nothing to be done, and the deadline is to end."""
        ...


Acts = Mapping[str, Act]
"""By kind of subject."""


class Follow(Protocol):
    """Hears that a changed calendar has moved when things of one kind are due, where their own rows say that, too.

    It is in the transaction that moves their deadlines, and those are locked: it waits for no lock of a subject
    (`SKIP LOCKED`). Whoever has one now may end its deadline; the `Act` of its next step is told `due_at` again.
    """

    async def __call__(self, transaction: Any, tenant: UUID, moved: Mapping[UUID, datetime | None], /) -> None:
        """`moved`: by subject when it is due now; None: never."""
        ...


Follows = Mapping[str, Follow]
"""By kind of subject; those that keep no such moment have none."""


class Begin(Protocol):
    """Begins deadlines of what no code of ours has begun; answers how many it looked at, 0 for nothing to be done."""

    async def __call__(self, database: Database, /) -> int: ...
