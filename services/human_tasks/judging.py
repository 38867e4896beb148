"""Who may take a decision: the protocol that the authority matrix fills in the composition of the API (ADR 0098).

A task with a `decision` is decided by nobody while none is composed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec


class Decider(msgspec.Struct, frozen=True, kw_only=True):
    """Who decides.

    Attributes:
        roles: slugs of the roles by which they decide: their own, or those of whom they act for.
        behalf: whom they act for; duties hold for both.
    """

    account: UUID
    roles: frozenset[str]
    behalf: UUID | None = None


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that counts already.

    Attributes:
        number: among those of the task.
        rule: what it was judged by, as the verdict had it.
        answer: the values.
    """

    account: UUID
    behalf: UUID | None
    outcome: str
    at: datetime
    rule: Any = None
    answer: Any = None
    number: int = 0


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """May `decider` decide for `outcome`? `given`: what others decided of the same task before, in their order.

    `decision` is a decision type; a judge is asked about no other. `asked_at`: when the task was made. `earlier`: who
    decided other tasks of the same run, substitutes and whom they acted for.
    """

    tenant: UUID
    decision: str
    facts: dict[str, Any]
    outcome: str
    decider: Decider
    given: list[Given]
    asked_at: datetime
    earlier: list[UUID]
    answer: Any = None

    def alike(self) -> list[Given]:
        """Those who decided the same: the same outcome, with the same answer."""
        return [one for one in self.given if (one.outcome, one.answer) == (self.outcome, self.answer)]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the authority says.

    Attributes:
        why: where it is not allowed, what is lacking, in words for who decides.
        approvals: persons who must decide the same before it counts.
        rule: what was judged by, JSON; kept with the decision.
        void: places in `given` of decisions that were for something else than is needed now, and count no more.
    """

    is_allowed: bool
    why: str = ""
    approvals: int = 1
    rule: Any = None
    void: frozenset[int] = frozenset()


class Judge(Protocol):
    """Judges each single decision, also those of a batch."""

    async def __call__(self, connection: Any, asked: Question, /) -> Verdict:
        """`connection` is in a transaction of the tenant. A decision type without a matching rule is refused."""
        ...
