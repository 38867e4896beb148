from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta

from infra.ids import TenantId
from services.api import working
from services.api.call import Call
from services.api.policy import tenant_paths
from services.api.routes.tasks import TAGS
from services.human_tasks import mail_choices
from services.human_tasks.mail_choices import Choice

Chosen = Annotated[
    Choice,
    Meta(
        description="`each`: a mail with a link to each task that is asked of you, and reminders; `daily`: one mail a"
        " day of what waits; `none`."
    ),
]


class TaskMail(msgspec.Struct, frozen=True, kw_only=True):
    """How you hear of tasks by mail; null to a key, which gets none."""

    choice: Chosen | None


class ChooseTaskMail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    choice: Chosen


@get(tenant_paths("/task-mail"), summary="Read how you hear of tasks", tags=TAGS)
async def read_task_mail(request: Call) -> TaskMail:
    tenant = TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        person = await working.person_of(request, connection)
        found = None if person is None else await mail_choices.read(connection, tenant, person.account)
    return TaskMail(choice=found)


@post(tenant_paths("/task-mail"), summary="Choose how you hear of tasks", tags=TAGS, status_code=200)
async def choose_task_mail(request: Call, data: JSONBody[ChooseTaskMail]) -> TaskMail:
    """Only of oneself, signed in. Nobody is written to while the environment's default calendar is closed."""
    tenant = TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        person = await working.somebody(request, connection)
        await mail_choices.choose(connection, tenant, person.account, data.choice, actor=person.actor)
    return TaskMail(choice=data.choice)


HANDLERS: Final = (read_task_mail, choose_task_mail)
