"""Who may decide about a hold is asked of an authority, which the process is composed with (ADR 0104, ADR 0115)."""

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
        network: from where; for the audit.
    """

    actor: str
    account: UUID | None = None
    network: str | None = None


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody agreed.

    Attributes:
        behalf: whose substitute they were in it.
        need: digest of what it took; where it takes something else by now the consent counts no more.
    """

    act: Act
    by: str
    at: datetime
    why: str
    account: UUID
    behalf: UUID | None = None
    need: str = ""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked.

    Attributes:
        decision: type of decision, such as `credit.release`.
        facts: `amount` (minor units), `currency`, `customer`, `site`, `type`, `reason`, `order`, and what was stated
            with it: `requester`, `last_editor`, `customer_class`, `margin_percent`; what nobody said is not in it.
        raisers: who raised it, as the audit names them.
        raised_at: when that was first.
        run: that raised it.
        changers: who has set the types of holds since then: none of them opens a way for themselves.
        earlier: who agreed about other holds that this run raised, substitutes and whom they acted for.
        given: who agreed to the same before, the oldest first; never the decider.
    """

    decision: str
    act: Act
    facts: dict[str, Any]
    raisers: tuple[str, ...]
    raised_at: datetime
    by: Decider
    run: UUID | None = None
    changers: tuple[str, ...] = ()
    earlier: tuple[UUID, ...] = ()
    given: tuple[Consent, ...] = ()


class Verdict(msgspec.Struct, frozen=True):
    """What the authority says.

    Attributes:
        outcome: `more`: the decider may, and somebody else must as well.
        words: why not, or who else; no secret.
        behalf: whose substitute they are in this.
        need: digest of what it takes.
        rule: what was judged by, JSON; for the audit.
    """

    outcome: Literal["allowed", "more", "refused"]
    words: str = ""
    behalf: UUID | None = None
    need: str = ""
    rule: Any = None


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
