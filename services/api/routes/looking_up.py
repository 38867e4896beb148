from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from services.api import working
from services.api.call import Call
from services.api.policy import tenant_paths
from services.human_tasks import looking_up, reading

TAGS: Final = ["tasks"]
FieldName = Annotated[str, QueryParameter(description="Of the task's form.", required=False, max_length=64)]
Typed = Annotated[
    str,
    QueryParameter(
        name="text",
        description="A part of a number, whatever its case; for who sees payloads whole, or of a name.",
        required=False,
        max_length=200,
        pattern=r"^[^\x00]*$",
    ),
]


class FoundValue(msgspec.Struct, frozen=True):
    value: Annotated[str, Meta(description="What the field is given: the number that it is known by.")]
    title: Annotated[str | None, Meta(description="Its name; null where it has none, or you do not see names.")]


class FoundValues(msgspec.Struct, frozen=True):
    items: list[FoundValue]


@get(tenant_paths("/tasks/{task:str}/look-up"), summary="Look up values for a field", tags=TAGS)
async def look_up(request: Call, field: FieldName = "", typed: Typed = "") -> FoundValues:
    """For who may decide the task, while it is open: at most 20 records that its form's field may name.

    A field without a look-up among records is answered as one that there is not. Without a text nothing is found, nor
    by a key.
    """
    task, tenant = request.path_id("tsk", "task"), request.tenant.tenant_id
    async with request.resources.database.tenant(tenant) as connection:
        reader = await working.person_of(request, connection)
    async with request.transaction() as session:
        await reading.read_task(session, tenant, task, reader, sees_all=working.manages(request))
    if reader is None:
        return FoundValues([])
    async with request.resources.database.tenant(tenant) as connection:
        known, by_name = request.resources.tasks.forms, request.payloads == "whole"
        found = await looking_up.look(connection, tenant, task, reader, known, field=field, text=typed, by_name=by_name)
    return FoundValues([FoundValue(one.value, one.name) for one in found])


HANDLERS: Final = (look_up,)
