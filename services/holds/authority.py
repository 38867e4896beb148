"""Who may decide about a hold is asked of an authority, which whoever composes the process hands in (ADR 0104)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, Protocol
from uuid import UUID

import msgspec

from infra.ids import TenantId
from services.holds.errors import HoldNotYours

Act = Literal["clear", "override"]
UNKNOWN: Final = "Nobody has said yet who decides about {decision}: set the environment's authority first"
PERSON: Final = "Sign in to the portal: no key decides about {decision}, nor does who acts for a client"


class Decider(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants it.

    Attributes:
        actor: as the audit names them.
        account: of a person who signed in and acts for nobody else; None of a key, a run, or who acts for a client.
    """

    actor: str
    account: UUID | None = None


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody agreed before, and was not enough."""

    act: Act
    by: str
    at: datetime
    why: str


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked.

    Attributes:
        decision: type of decision, such as `credit.release`.
        facts: `amount` (minor units), `currency`, `customer`, `site`, `type`, `reason`, `order`; what nobody said is
            not in it.
        requester: who raised it, as the audit names them.
        given: who agreed to the same before, the oldest first; never the decider.
    """

    decision: str
    act: Act
    facts: dict[str, Any]
    requester: str
    by: Decider
    given: tuple[Consent, ...] = ()


class Verdict(msgspec.Struct, frozen=True):
    """`more`: the decider may, and somebody else must as well. `words`: why not, or who else; no secret."""

    outcome: Literal["allowed", "more", "refused"]
    words: str = ""


class Judge(Protocol):
    """Asked inside the transaction of the tenant in which the hold is cleared."""

    async def __call__(self, connection: Any, tenant: TenantId, question: Question, /) -> Verdict: ...


async def judged(judge: Judge | None, connection: Any, tenant: TenantId, question: Question) -> Verdict:
    """What the authority says; where nobody asked it nothing is ever allowed.

    Raises:
        HoldNotYours: no person asks, or there is no authority.
    """
    if question.by.account is None:
        raise HoldNotYours(PERSON.format(decision=question.decision))
    if judge is None:
        raise HoldNotYours(UNKNOWN.format(decision=question.decision))
    return await judge(connection, tenant, question)
