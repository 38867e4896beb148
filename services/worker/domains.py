"""Looks at claimed domains: those that wait for their proof within minutes, those in use each day (ADR 0050)."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from infra.database import Database, surviving
from infra.egress import Lookups
from tenants.organizations import domain_proofs
from tenants.organizations.domain_proofs import Question, Rules

_log: Final = logging.getLogger(__name__)
SECONDS: Final = 60.0
_MOST: Final = 50
_AT_ONCE: Final = 8
ACTOR: Final = "domain-check"


async def look_after(database: Database, lookups: Lookups, rules: Rules, seconds: float = SECONDS) -> None:
    """Every `seconds`, until cancelled. Without a resolver nothing is looked at, and nothing taken away."""
    while lookups.resolvers:
        with surviving("looking at claimed domains"):
            await look(database, lookups, rules)
        await asyncio.sleep(seconds)
    await asyncio.Event().wait()


async def look(database: Database, lookups: Lookups, rules: Rules) -> int:
    """One round over what is due; answers how many. Safe to run in every worker at once."""
    async with database.doors() as connection:
        due = await connection.fetch("SELECT * FROM app.due_domains($1)", _MOST)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(question: Question) -> None:
        async with gate:
            seen = await domain_proofs.look(lookups, question, rules.edge)
        state = await domain_proofs.judge(database, question, seen, rules, ACTOR)
        if state == "failing" or (state == "released" and seen != "proven"):
            _log.warning("a domain is not proven any more", extra={"domain": question.domain, "state": state})

    questions = [
        Question(row["partner_id"], row["claim_id"], row["domain"], row["token"], row["target"]) for row in due
    ]
    await asyncio.gather(*map(one, questions))
    return len(questions)
