"""Values of a form's fields that are found among the client's records (ADR 0131). In a transaction of the tenant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from infra.problems import NotFound
from services.human_tasks import acting, showing
from services.human_tasks.errors import AnswerRefused
from services.human_tasks.forms import Forms
from services.human_tasks.people import Person
from services.records import finding
from services.records.finding import Found
from template_library.human_tasks import Form

MOST: Final = 20
"""Answers of one look."""


async def look(  # noqa: PLR0913 (whose task, which field, and what they typed)
    connection: Any, tenant: UUID, task: UUID, person: Person, known: Forms, *, field: str, text: str, by_name: bool
) -> list[Found]:
    """What a field of an open task may be given, for who may decide that.

    Raises:
        NotFound: no task, or no field of it that the person may fill in and that is looked up among records.
        TaskOver, TaskTaken, NotYourTask: it is not theirs to decide.
    """
    row = await acting.locked(connection, tenant, task, person)
    acting.check_open(row, None)
    behalf = acting.behalf_of(row, person)
    roles = person.roles if behalf is None else person.absent.get(behalf, frozenset())
    asked = showing.asked_of(row)
    look_up = None if asked.form is None else known.look_ups(asked.form, roles).get(field)
    if look_up is None or look_up.record is None:
        raise NotFound
    if not text:
        return []
    return await finding.find(connection, tenant, look_up.record, look_up.system, text, by_name=by_name, most=MOST)


async def check(  # noqa: PLR0913 (of which form, who filled in what)
    connection: Any,
    tenant: UUID,
    known: Forms,
    form: Form | str | None,
    *,
    roles: frozenset[str],
    given: Mapping[str, Any],
) -> None:
    """Raises AnswerRefused: a value that was looked up is none that there is."""
    wrong = []
    for name, look_up in _given(known, form, roles, given).items():
        kind = look_up.record or ""
        if not await finding.is_there(connection, tenant, kind, look_up.system, given[name]):
            told = f"No {kind.replace('-', ' ')} is known by this number: choose one that is found"
            wrong.append({"pointer": f"/values/{name}", "detail": told})
    if wrong:
        raise AnswerRefused(wrong[0]["detail"], errors=wrong)


def refuse(known: Forms, form: Form | str | None, roles: frozenset[str], given: Mapping[str, Any]) -> None:
    """Raises AnswerRefused: somebody outside gives a value that is looked up, and would learn which there are."""
    wrong = [
        {"pointer": f"/values/{name}", "detail": "This is filled in by somebody who is signed in"}
        for name in _given(known, form, roles, given)
    ]
    if wrong:
        raise AnswerRefused(wrong[0]["detail"], errors=wrong)


def _given(known: Forms, form: Form | str | None, roles: frozenset[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is filled in that which is looked up; null empties a field, and is none."""
    if form is None:
        return {}
    return {name: one for name, one in known.look_ups(form, roles).items() if given.get(name) is not None}
