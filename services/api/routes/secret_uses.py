"""Who used a connection's secrets, how often and when: told by field, never with a value."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from litestar import get
from msgspec import Meta

from infra import ids
from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from tenants.connections import service
from tenants.connections.models import SecretUse

TAGS: Final = ["connections"]
UsedBy = Annotated[
    Literal["run", "check", "rotation"],
    Meta(description="Calls of runs; the operator's search for secrets in the open; the operator's change of keys."),
]


class SecretUseView(msgspec.Struct, frozen=True, kw_only=True):
    """Uses of one field's secret by one kind of work; written every half minute, so the newest may be missing."""

    field: Annotated[str, Meta(examples=["token"])]
    by: UsedBy
    uses: Annotated[int, Meta(description="How often it was given out, over all values that the field has had.")]
    first_at: Instant
    last_at: Instant
    last_run: Annotated[str | None, Meta(description="The run that it was given out for last.")]


class SecretUseList(msgspec.Struct, frozen=True):
    items: list[SecretUseView]


@get(
    tenant_paths("/connections/{connection:str}/secret-uses"), summary="Read who used a connection's secrets", tags=TAGS
)
async def read_secret_uses(request: Call) -> SecretUseList:
    """By field; of a field that nothing has used there is no line."""
    connection_id = request.path_id("con", "connection")
    async with request.transaction() as session:
        found = await service.uses(session, request.tenant.tenant_id, connection_id)
        return SecretUseList([_view(one) for one in found])


def _view(row: SecretUse) -> SecretUseView:
    return msgspec.convert(
        {
            "field": row.field,
            "by": row.used_by,
            "uses": row.uses,
            "first_at": row.first_at,
            "last_at": row.last_at,
            "last_run": None if row.last_run is None else ids.show("run", row.last_run),
        },
        SecretUseView,
    )


HANDLERS: Final = (read_secret_uses,)
