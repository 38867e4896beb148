from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta

from infra import ids
from infra.ids import TenantId
from infra.pagination import cut
from infra.problems import Invalid
from services.api import working
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from services.api.routes.tasks import TAGS
from services.api.task_view import PersonId
from services.human_tasks import absences, people
from services.human_tasks.absences import Away

Skill = Annotated[str, Meta(pattern=r"^[a-z0-9](-?[a-z0-9]){0,62}$", examples=["customs"])]


class AbsenceView(msgspec.Struct, frozen=True, kw_only=True):
    """When somebody is away, and who acts for them meanwhile."""

    person: PersonId
    since: Instant
    until: Instant
    substitute: PersonId | None
    set_by: str
    set_at: Instant


class AbsenceList(msgspec.Struct, frozen=True):
    items: list[AbsenceView]
    next: NextCursor


class OwnAbsence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Both null: you are back."""

    since: Instant | None
    until: Instant | None
    substitute: (
        Annotated[str, Meta(description="Who acts for you, with your roles; recorded as on your behalf.")] | None
    )


class PersonsSkills(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody is good at, as a whole."""

    person: PersonId
    skills: Annotated[list[Skill], Meta(max_length=50)]


class SkillList(msgspec.Struct, frozen=True):
    items: list[PersonsSkills]
    next: NextCursor


@get(tenant_paths("/absences"), summary="List absences", tags=TAGS)
async def list_absences(request: Call, limit: Limit = 50, cursor: Cursor = None) -> AbsenceList:
    """Of who is away now or later."""
    page, tenant = request.page(limit, cursor), request.tenant.tenant_id
    async with request.resources.database.tenant(tenant) as connection:
        found = await absences.list_away(connection, tenant, page)
    rows, last = cut(found, page, _place)
    return AbsenceList([_view(row) for row in rows], request.cursor(last))


@post(tenant_paths("/absences"), summary="Say when you are away", tags=TAGS, status_code=200)
async def set_absence(request: Call, data: JSONBody[OwnAbsence]) -> AbsenceList:
    """Only of oneself, signed in. Your substitute sees your queues and does your tasks, on your behalf."""
    tenant = TenantId(request.tenant.tenant_id)
    if (data.since is None) != (data.until is None) or (data.since is None and data.substitute is not None):
        raise Invalid.at("/until", "give both moments, or none to be back")
    away = None
    if data.since is not None and data.until is not None:
        away = Away(since=data.since, until=data.until, substitute=_account("/substitute", data.substitute))
    async with request.resources.database.tenant(tenant) as connection:
        person = await working.somebody(request, connection)
        await absences.set_away(connection, tenant, person.account, away, actor=person.actor)
        rows = await absences.list_away(connection, tenant, request.page(200))
    return AbsenceList([_view(row) for row in rows if row["account_id"] == person.account], None)


@get(tenant_paths("/skills"), summary="List people's skills", tags=TAGS)
async def list_skills(request: Call, limit: Limit = 50, cursor: Cursor = None) -> SkillList:
    """Tasks that ask for skills are offered first to who has all of them and the least in hand."""
    page, tenant = request.page(limit, cursor), request.tenant.tenant_id
    async with request.resources.database.tenant(tenant) as connection:
        found = await absences.list_skills(connection, tenant, page)
    rows, last = cut(found, page, _place)
    items = [PersonsSkills(person=ids.show("acc", row["account_id"]), skills=row["skills"]) for row in rows]
    return SkillList(items, request.cursor(last))


@post(tenant_paths("/skills"), summary="Set somebody's skills", tags=TAGS, status_code=200)
async def set_skills(request: Call, data: JSONBody[PersonsSkills]) -> PersonsSkills:
    """In place of what they had. Safe to repeat."""
    tenant, account = TenantId(request.tenant.tenant_id), _account("/person", data.person)
    async with request.resources.database.tenant(tenant) as connection:
        await absences.set_skills(connection, tenant, account, data.skills, actor=request.principal.actor)
    return PersonsSkills(person=data.person, skills=sorted(set(data.skills)))


def _account(pointer: str, text: str | None) -> Any:
    if text is None:
        return None
    try:
        return ids.read("acc", text)
    except ids.MalformedId:
        raise Invalid.at(pointer, "no id of the form acc_…") from None


def _place(row: Any) -> str:
    return str(row["account_id"])


def _view(row: Any) -> AbsenceView:
    return AbsenceView(
        person=ids.show("acc", row["account_id"]),
        since=row["since"],
        until=row["until"],
        substitute=people.shown(row["substitute"]),
        set_by=row["set_by"],
        set_at=row["set_at"],
    )


HANDLERS: Final = (list_absences, set_absence, list_skills, set_skills)
