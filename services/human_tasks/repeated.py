"""Whether a decision that comes was made before: of an answer that was lost, its person sends the same again."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from services.engine import values
from services.human_tasks import acting, forms, showing
from services.human_tasks.deciding import Decided, Decision, Desk
from services.human_tasks.errors import AnswerRefused
from services.human_tasks.people import Person

_NEWEST: Final = (
    "SELECT behalf, outcome, answer::text AS answer FROM app.human_task_decision "
    "WHERE tenant_id = $1 AND task_id = $2 AND number = $3 AND account_id = $4 AND NOT is_void"
)


async def found(  # noqa: PLR0913, PLR0917 (whose, which, and what they decided)
    desk: Desk, connection: Any, tenant: UUID, task: UUID, person: Person, wanted: Decision
) -> Decided | None:
    """What the person's own decision came to, where it is the newest change of the task and the same as `wanted`.

    Nothing else is: not another person's, nor one with other values, nor one that somebody acted on since. The task
    stays locked until the caller's transaction ends. Raises NotFound: none that the person sees.
    """
    row = await acting.locked(connection, tenant, task, person)
    kept = await connection.fetchrow(_NEWEST, tenant, task, row["version"], person.account)
    if kept is None or kept["outcome"] != wanted.outcome:
        return None
    roles = person.roles if kept["behalf"] is None else person.absent.get(kept["behalf"], frozenset())
    try:
        answer = forms.checked(desk.forms, showing.asked_of(row).form, roles, wanted.values, wanted.outcome)
    except AnswerRefused:
        return None
    if values.decode(values.encode(answer).decode()) != values.decode(kept["answer"]):
        return None
    return Decided(run=row["run_id"], is_complete=row["state"] == "completed", approvals=1, given=1)
