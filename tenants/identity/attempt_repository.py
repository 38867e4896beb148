"""All SQL about tries to sign in, by what they count against. Row-level security limits each query to the scope."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from tenants.identity.models import SignInAttempt

_DROPPED_AT_ONCE: Final = 100


class Counted(msgspec.Struct, frozen=True):
    """How many tries the present window holds, and how long it still lasts."""

    attempts: int
    left: timedelta


async def count(
    session: AsyncSession, partner_id: UUID, subjects: Collection[bytes], window: timedelta
) -> dict[bytes, Counted]:
    """Counts one more try for each subject, before it is known how it ends: none at once slips past another (S-66).

    Drops windows that are over. A transaction that is rolled back has counted nothing.
    """
    instant = func.clock_timestamp()
    over = SignInAttempt.since < instant - window
    # In one order for everybody: of two tries that count alike, one waits and never each for the other.
    made = insert(SignInAttempt).values(
        [
            {"partner_id": partner_id, "subject": subject, "attempts": 1, "since": instant}
            for subject in sorted(subjects)
        ]
    )
    counted = made.on_conflict_do_update(
        index_elements=["partner_id", "subject"],
        set_={
            "attempts": case((over, 1), else_=SignInAttempt.attempts + 1),
            "since": case((over, instant), else_=SignInAttempt.since),
        },
    ).returning(SignInAttempt.subject, SignInAttempt.attempts, SignInAttempt.since, instant.label("now"))
    found = (await session.execute(counted)).all()
    # After its own rows, and only of rows that nobody holds: two tries never wait for one another.
    free = select(SignInAttempt.subject).where(
        SignInAttempt.partner_id == partner_id, over, SignInAttempt.subject.not_in(subjects)
    )
    dropped = free.limit(_DROPPED_AT_ONCE).with_for_update(skip_locked=True)
    await session.execute(
        delete(SignInAttempt).where(SignInAttempt.partner_id == partner_id, SignInAttempt.subject.in_(dropped))
    )
    return {row.subject: Counted(row.attempts, row.since + window - row.now) for row in found}


async def settle(
    session: AsyncSession, partner_id: UUID, *, forgotten: Collection[bytes], returned: Collection[bytes]
) -> None:
    """After a success: nothing counts any more of some subjects, and the others get the try back."""
    mine = SignInAttempt.partner_id == partner_id
    # One statement, in the order in which tries are counted, and no row goes: one that came back while this waits
    # would be taken out of its order, and two successes would wait for one another.
    locked = (
        select(SignInAttempt.subject)
        .where(mine, SignInAttempt.subject.in_([*forgotten, *returned]))
        .order_by(SignInAttempt.subject)
        .with_for_update()
        .cte("locked")
    )
    is_forgotten = SignInAttempt.subject.in_(forgotten)
    await session.execute(
        update(SignInAttempt)
        .where(mine, SignInAttempt.subject == locked.c.subject)
        .values(attempts=case((is_forgotten, 0), else_=func.greatest(SignInAttempt.attempts - 1, 0)))
        .execution_options(synchronize_session=False)
    )
