"""What lists and groups of exceptions are narrowed by, as query parameters."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from litestar.params import QueryParameter

from infra import ids
from services.api import working
from services.api.call import Call, Payloads
from services.api.exception_view import findable
from services.api.fields import filter_id
from services.exceptions.categories import Category
from services.exceptions.reading import Filter

CategoryFilter = Annotated[Category | None, QueryParameter(description="Only of this category.", required=False)]
ConnectionFilter = Annotated[
    str | None,
    QueryParameter(
        description="Only about this connection; failed runs, whose deployment is bound to it.", required=False
    ),
]
DeploymentFilter = Annotated[str | None, QueryParameter(description="Only of this deployment.", required=False)]
TemplateFilter = Annotated[
    str | None, QueryParameter(description="Only of the template of this name.", required=False, max_length=64)
]
OwnerFilter = Annotated[
    str | None, QueryParameter(description="Only of this owner; `none`: of nobody.", required=False, max_length=200)
]
Queue = Literal["mine", "all"]
QueueFilter = Annotated[
    Queue,
    QueryParameter(
        description="`mine`: what is yours or your roles', or of whom you are the substitute; a key has none.",
        required=False,
    ),
]
KindFilter = Annotated[
    str | None, QueryParameter(description="Only of this kind of the template's.", required=False, max_length=64)
]
WarehouseFilter = Annotated[
    str | None, QueryParameter(description="Only of this warehouse.", required=False, max_length=200)
]
SegmentFilter = Annotated[
    str | None, QueryParameter(description="Only of customers of this class.", required=False, max_length=200)
]
OrderTypeFilter = Annotated[
    str | None, QueryParameter(description="Only of orders of this type.", required=False, max_length=200)
]
ChannelFilter = Annotated[
    str | None, QueryParameter(description="Only of this channel.", required=False, max_length=200)
]
StageFilter = Annotated[
    str | None, QueryParameter(description="Only at this step of its workflow.", required=False, max_length=200)
]


_CUTS: Final = ("kind", "warehouse", "segment", "order_type", "channel", "stage")


def narrowed(
    category: Category | None, connection: str | None, deployment: str | None, template: str | None, owner: str | None
) -> Filter:
    """What the list, the groups and the summary are all narrowed by."""
    return Filter(
        categories=None if category is None else [category],
        connection=filter_id("con", "connection", connection),
        deployment=filter_id("dep", "deployment", deployment),
        template=template,
        owner=owner,
    )


def cut_by(only: Filter, *cuts: str | None) -> Filter:
    """Narrowed by kind, warehouse, segment, type of order, channel and stage, in this order."""
    return msgspec.structs.replace(only, **dict(zip(_CUTS, cuts, strict=True)))


def caused(only: Filter, cause: str | None, payloads: Payloads) -> Filter:
    """Of a cause; of failed runs only where the caller may see it."""
    but_failed = cause is not None and cause not in findable(cause, payloads)
    return msgspec.structs.replace(only, cause=cause, but_failed=but_failed)


async def offered(request: Call, only: Filter, queue: Queue) -> Filter:
    """Those alone that the caller or a role of theirs owns, or of whom they stand in for, where `queue` asks for it."""
    if queue == "all":
        return only
    async with request.resources.database.tenant(request.tenant.tenant_id) as connection:
        person = await working.person_of(request, connection)
    if person is None:
        return msgspec.structs.replace(only, owners=[])
    accounts = [f"account:{ids.show('acc', one)}" for one in person.accounts]
    return msgspec.structs.replace(only, owners=[*accounts, *(f"role:{one}" for one in person.queues)])
