from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get, patch, post
from litestar.params import JSONBody
from msgspec import Meta

from infra import ids
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, Name, NextCursor, Slug, Status
from tenants.identity import roles
from tenants.identity.people_models import Role
from tenants.identity.permissions import Permission
from tenants.identity.roles import NewRole

TAGS: Final = ["people"]
Level = Annotated[Literal["partner", "client"], Meta(description="Whose people may have it.")]
Held = Annotated[list[Permission], Meta(min_length=1, max_length=64, description="Nobody gives what they lack.")]


class NewRoleBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    slug: Slug
    name: Name
    level: Level = "client"
    permissions: Held


class RoleChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Name | None = None
    permissions: Held


class RoleView(msgspec.Struct, frozen=True, kw_only=True):
    """A named set of permissions."""

    id: Annotated[str, Meta(examples=["rol_01h455vb4pex5vsknk084sn02q"])]
    slug: Slug
    name: Name
    level: Level
    owner: Annotated[
        Literal["product", "partner", "client"], Meta(description="Who may change it; nobody changes the product's.")
    ]
    permissions: list[str]
    status: Status
    created_at: Instant


class RoleList(msgspec.Struct, frozen=True):
    items: list[RoleView]
    next: NextCursor


@get("/v1/roles", summary="List roles", tags=TAGS)
async def list_roles(request: Call, limit: Limit = 50, cursor: Cursor = None) -> RoleList:
    """Those of the product first, then of the partner and of the client, as far as you may give or see them."""
    async with request.transaction() as session:
        rows, last = await roles.list_roles(session, request.page(limit, cursor))
    return RoleList([view(row) for row in rows], request.cursor(last))


@post("/v1/roles", summary="Create a role", tags=TAGS)
async def create_role(request: Call, data: JSONBody[NewRoleBody]) -> RoleView:
    """A role of your own, with permissions that you hold."""
    new = NewRole(slug=data.slug, name=data.name, level=data.level, permissions=frozenset(data.permissions))
    async with request.creation() as creation:
        return creation.answer(view(await roles.create(creation.session, new, request.principal)))


@get("/v1/roles/{role:str}", summary="Read a role", tags=TAGS)
async def read_role(request: Call) -> RoleView:
    async with request.transaction() as session:
        return view(await roles.find(session, request.path_id("rol", "role")))


@patch("/v1/roles/{role:str}", summary="Change a role", tags=TAGS)
async def change_role(request: Call, data: JSONBody[RoleChange]) -> RoleView:
    """Everybody who has it may do from now on what it says; their sessions end within 5 seconds."""
    role_id = request.path_id("rol", "role")
    async with request.transaction() as session:
        await _match(request, session)
        wanted = frozenset(data.permissions)
        found = await roles.change(session, role_id, request.principal, name=data.name, permissions=wanted)
        return view(found)


@post("/v1/roles/{role:str}/disable", summary="Disable a role", tags=TAGS, status_code=200)
async def disable_role(request: Call) -> RoleView:
    """It gives nobody anything; their sessions end within 5 seconds. Safe to repeat."""
    return await _set_status(request, "disabled")


@post("/v1/roles/{role:str}/enable", summary="Enable a role", tags=TAGS, status_code=200)
async def enable_role(request: Call) -> RoleView:
    """Safe to repeat."""
    return await _set_status(request, "active")


async def _set_status(request: Call, status: Literal["active", "disabled"]) -> RoleView:
    role_id = request.path_id("rol", "role")
    async with request.transaction() as session:
        await _match(request, session)
        return view(await roles.set_status(session, role_id, request.principal, status))


async def _match(request: Call, session: Any) -> None:
    async def present() -> RoleView:
        return view(await roles.find(session, request.path_id("rol", "role"), lock=True))

    await request.match(present)


def view(row: Role) -> RoleView:
    return RoleView(
        id=ids.show("rol", row.role_id),
        slug=row.slug,
        name=row.name,
        level=row.level,  # type: ignore[arg-type]  # from the list, by the table's own check
        owner="product" if row.partner_id is None else "partner" if row.tenant_id is None else "client",
        permissions=sorted(row.permissions),
        status=row.status,  # type: ignore[arg-type]  # likewise
        created_at=row.created_at,
    )


HANDLERS: Final = (list_roles, create_role, read_role, change_role, disable_role, enable_role)
