from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get, put
from litestar.params import JSONBody
from msgspec import Meta

from infra.ids import TenantId
from services.api.call import Call
from services.api.hold_view import RoleSlug, TypeName
from services.api.policy import tenant_paths
from services.api.routes.holds import TAGS
from services.holds import kinds
from services.holds.kinds import Kind, Kinds
from template_library.holds import HoldDeadline


class HoldType(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One type of holds, in the client's own words."""

    name: TypeName
    title: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["Credit"])]
    role: Annotated[RoleSlug, Meta(description="Slug of the role that looks after them where nobody names another.")]
    minutes: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=kinds.LONGEST_MINUTES,
                description="Of business time until one is due; of the wall's where no calendar is the default. Null:"
                " never, unless said.",
            ),
        ]
        | None
    ) = None
    deadline: Annotated[HoldDeadline, Meta(description="What is done meanwhile, in place of `minutes`.")] | None = None
    decision: (
        Annotated[
            str,
            Meta(
                max_length=125,
                pattern=r"^[a-z0-9](?:[.-]?[a-z0-9]){0,124}$",
                description="Type of decision that the authority is asked for before one is cleared or overridden."
                " Null: whoever holds the permission may.",
                examples=["credit.release"],
            ),
        ]
        | None
    ) = None
    run_may_clear: Annotated[bool, Meta(description="A run may clear what that very run raised.")] = True


class NewHoldTypes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    types: Annotated[list[HoldType], Meta(min_length=1, max_length=kinds.MOST, description="All of them.")]


class HoldTypes(msgspec.Struct, frozen=True, kw_only=True):
    """The types of holds of an environment."""

    version: Annotated[int, Meta(description="Raised with each change; 0: those that are shipped.")]
    types: list[HoldType]


@get(tenant_paths("/hold-types"), summary="Read the types of holds", tags=TAGS)
async def read_hold_types(request: Call) -> HoldTypes:
    """Those that are shipped, where the environment has set none."""
    tenant = TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        return _view(await kinds.in_force(connection, tenant))


@put(tenant_paths("/hold-types"), summary="Set the types of holds", tags=TAGS)
async def set_hold_types(request: Call, data: JSONBody[NewHoldTypes]) -> HoldTypes:
    """All of them at once. One of which a hold is active cannot be left out."""
    tenant = TenantId(request.tenant.tenant_id)
    wanted = [Kind(**msgspec.structs.asdict(one)) for one in data.types]
    async with request.resources.database.tenant(tenant) as connection:

        async def present() -> HoldTypes:
            return _view(await kinds.in_force(connection, tenant))

        await kinds.take_turn(connection, tenant)
        await request.match(present)
        return _view(await kinds.put(connection, tenant, wanted, actor=request.principal.actor))


def _view(found: Kinds) -> HoldTypes:
    types = [HoldType(**msgspec.structs.asdict(one)) for one in found.kinds]
    return HoldTypes(version=found.version, types=types)


HANDLERS: Final = (read_hold_types, set_hold_types)
