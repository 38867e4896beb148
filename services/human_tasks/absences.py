"""Who is away and who acts for them; and what people are good at. In a transaction of the tenant; audited."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import clock, ids
from infra.pagination import Page
from services.human_tasks import people
from tenants.audit import writing as audit
from tenants.organizations.errors import InvalidField

_ABSENT: Final = (
    "INSERT INTO app.absence AS a (tenant_id, account_id, since, until, substitute, set_by) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, account_id) DO UPDATE SET since = excluded.since, "
    "until = excluded.until, substitute = excluded.substitute, set_by = excluded.set_by, set_at = clock_timestamp()"
)
_ABSENCES: Final = (
    "SELECT account_id, since, until, substitute, set_by, set_at FROM app.absence WHERE tenant_id = $1 "
    "AND until > clock_timestamp() AND ($2::uuid IS NULL OR account_id > $2) ORDER BY account_id LIMIT $3"
)
_SKILLS: Final = (
    "SELECT s.account_id, array_agg(s.skill ORDER BY s.skill) AS skills FROM app.human_task_skill s "
    "WHERE s.tenant_id = $1 AND ($2::uuid IS NULL OR s.account_id > $2) "
    "GROUP BY s.account_id ORDER BY s.account_id LIMIT $3"
)


LONGEST: Final = timedelta(days=366)
"""Of an absence, and until it begins: nobody lends their roles for good."""
_SKILL: Final = re.compile(r"[a-z0-9](-?[a-z0-9]){0,62}")


class Away(msgspec.Struct, frozen=True, kw_only=True):
    """From `since` to before `until`. Without a `substitute` what is offered to them stays with their roles."""

    since: datetime
    until: datetime
    substitute: UUID | None = None


async def set_away(connection: Any, tenant: UUID, account: UUID, away: Away | None, *, actor: str) -> None:
    """Say when somebody is away; None: they are back. Safe to repeat.

    Raises:
        InvalidField: it ends before it begins or is over, is longer or later than `LONGEST`; or the substitute is
            nobody or themselves.
    """
    if away is None:
        await connection.execute("DELETE FROM app.absence WHERE tenant_id = $1 AND account_id = $2", tenant, account)
        await audit.write(connection, tenant, actor=actor, action="absence.ended", target=_shown(account))
        return
    if away.until <= away.since:
        raise InvalidField("/until", "it ends before it begins")
    now = clock.now()
    if away.until <= now:
        raise InvalidField("/until", "it is over: say nothing of it")
    if away.until - away.since > LONGEST or away.since - now > LONGEST:
        raise InvalidField("/until", f"at most {LONGEST.days} days, which begin within as many")
    if away.substitute == account:
        raise InvalidField("/substitute", "nobody acts for themselves")
    if away.substitute is not None and not await people.is_active(connection, tenant, away.substitute):
        raise InvalidField("/substitute", "no active account of this client has this id")
    await connection.execute(_ABSENT, tenant, account, away.since, away.until, away.substitute, actor)
    after = {
        "since": away.since.isoformat(),
        "until": away.until.isoformat(),
        "substitute": people.shown(away.substitute),
    }
    await audit.write(connection, tenant, actor=actor, action="absence.set", target=_shown(account), after=after)


async def list_away(connection: Any, tenant: UUID, page: Page) -> list[Any]:
    """Who is away now or later, one row more than the page holds."""
    after = None if page.after is None else UUID(page.after)
    return list(await connection.fetch(_ABSENCES, tenant, after, page.limit + 1))


async def set_skills(connection: Any, tenant: UUID, account: UUID, skills: list[str], *, actor: str) -> None:
    """What somebody is good at, as a whole. Raises InvalidField: nobody of this client has the id."""
    if not await people.is_active(connection, tenant, account):
        raise InvalidField("/person", "no active account of this client has this id")
    wanted = sorted(set(skills))
    if not all(_SKILL.fullmatch(one) for one in wanted):
        raise InvalidField("/skills", "a skill has lower-case letters, digits and single hyphens")
    await connection.execute(
        "DELETE FROM app.human_task_skill WHERE tenant_id = $1 AND account_id = $2 AND skill <> ALL ($3)",
        tenant,
        account,
        wanted,
    )
    await connection.execute(
        "INSERT INTO app.human_task_skill (tenant_id, account_id, skill, set_by) SELECT $1, $2, s.skill, $4 "
        "FROM unnest($3::text[]) AS s(skill) ON CONFLICT DO NOTHING",
        tenant,
        account,
        wanted,
        actor,
    )
    after = {"skills": wanted}
    await audit.write(connection, tenant, actor=actor, action="skills.set", target=_shown(account), after=after)


async def list_skills(connection: Any, tenant: UUID, page: Page) -> list[Any]:
    """Of each who has any, one row more than the page holds."""
    after = None if page.after is None else UUID(page.after)
    return list(await connection.fetch(_SKILLS, tenant, after, page.limit + 1))


def _shown(account: UUID) -> str:
    return ids.show("acc", account)
