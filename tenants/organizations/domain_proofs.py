"""What the world says of a claimed domain: looked up at every resolver, then judged (S-99, ADR 0050)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import text

from infra.database import Database, Scope
from infra.egress import Found, Lookups

RECORD: Final = "_portal-claim"
"""The label below which the proof stands: `_portal-claim.portal.example.com`."""
REST_DAYS: Final = 30

Seen = Literal["proven", "missing", "points-elsewhere", "unknown"]


class Rules(msgspec.Struct, frozen=True):
    """In hours; `edge` is where claimed names are to lead, empty where that is not looked at."""

    wait: float = 24.0
    grace: float = 72.0
    edge: str = ""

    @classmethod
    def of(cls, given: Given) -> Rules:
        return cls(given.domain_wait_hours, given.domain_grace_hours, given.edge_domain.lower())


class Given(Protocol):
    """Whatever has these settings."""

    @property
    def domain_wait_hours(self) -> float: ...
    @property
    def domain_grace_hours(self) -> float: ...
    @property
    def edge_domain(self) -> str: ...


class Question(msgspec.Struct, frozen=True):
    """One claim, as it is looked up."""

    partner_id: UUID
    claim_id: UUID
    domain: str
    token: str
    target: str


def proof_of(token: str) -> str:
    """The text that the TXT record is to hold."""
    return f"portal-claim={token}"


async def look(lookups: Lookups, question: Question, edge: str) -> Seen:
    """No longer than ten seconds; outside any transaction."""
    seen = judged(await lookups.texts(f"{RECORD}.{question.domain}"), proof_of(question.token))
    if seen != "proven" or not edge:
        return seen
    return led(await lookups.aliases(question.domain), f"{question.target}.{edge}", edge)


def judged(answers: Sequence[Found | None], proof: str) -> Seen:
    """Most of all resolvers must say the same; those that are silent say nothing."""
    enough = len(answers) // 2 + 1
    if sum(one is not None and proof in one.texts for one in answers) >= enough:
        return "proven"
    if sum(one is not None and proof not in one.texts for one in answers) >= enough:
        return "missing"
    return "unknown"


def led(answers: Sequence[Found | None], target: str, edge: str) -> Seen:
    """What resolvers say of where a proven name leads: to another claim's place, which is that of who had it before?

    One that says so keeps the name from being given, and most must say so for it to be taken: `unknown` does neither.
    An apex has no CNAME, and a name may come here by an address: nothing of ours is named then.
    """
    enough = len(answers) // 2 + 1
    astray = [_is_astray(one.alias, target, edge) for one in answers if one is not None]
    if sum(astray) >= enough:
        return "points-elsewhere"
    return "unknown" if any(astray) or len(astray) < enough else "proven"


def _is_astray(alias: str | None, target: str, edge: str) -> bool:
    return alias is not None and alias != target and (alias == edge or alias.endswith(f".{edge}"))


_JUDGE: Final = text(
    "SELECT app.judge_domain(:claim, :seen, :actor, make_interval(secs => :wait), make_interval(secs => :grace), "
    "make_interval(days => :rest))"
)


async def judge(database: Database, question: Question, seen: Seen, rules: Rules, actor: str) -> str | None:
    """Write down what was seen and answer the claim's state; the database decides between those who race.

    In a transaction of the claim's partner: in another's there is no such claim, and the answer is None.
    """
    given = {
        "claim": question.claim_id,
        "seen": seen,
        "actor": actor,
        "wait": rules.wait * 3600,
        "grace": rules.grace * 3600,
        "rest": REST_DAYS,
    }
    async with database.session(Scope.partner(question.partner_id)) as session:
        state: str | None = await session.scalar(_JUDGE, given)
        await session.commit()
    return state
