from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import msgspec
from litestar import post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from services.api.call import Call
from services.api.fields import Environment
from services.api.routes.clients import (
    TAGS,
    ClientDetail,
    ClientView,
    OwnersRequired,
    TenantView,
    detail,
    tenant_view,
    view,
)
from tenants.organizations import lifecycle, service
from tenants.organizations.models import Client


class NewEnvironment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    environment: Environment
    owners_required: OwnersRequired = False


class Suspension(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[
        str, Meta(min_length=1, max_length=lifecycle.LONGEST_REASON, description="Shown with the client.")
    ]


@post("/v1/clients/{client:str}/environments", summary="Add an environment", tags=TAGS)
async def add_environment(request: Call, client: FromPath[str], data: JSONBody[NewEnvironment]) -> TenantView:
    """Beside dev, test and live, with nothing in it. Connections, secrets, deployments and runs are its own."""
    async with request.creation() as creation:
        found = await service.find_client(creation.session, request.principal.partner_id, client, lock=True)
        actor = request.principal.actor
        made = await lifecycle.add_environment(
            creation.session, found, data.environment, actor=actor, needs_owners=data.owners_required
        )
        return creation.answer(tenant_view(made))


@post("/v1/clients/{client:str}/suspend", summary="Suspend a client", tags=TAGS, status_code=200)
async def suspend_client(request: Call, client: FromPath[str], data: JSONBody[Suspension]) -> ClientView:
    """Nothing is taken in for it any more (`client-suspended`) and none of its runs goes on; its keys may read.

    Holds within 5 seconds. Nothing is lost: runs, timers and schedules go on when it is resumed. Safe to repeat.
    """

    async def suspend(session: AsyncSession, found: Client) -> Client:
        return await lifecycle.suspend(session, found, data.reason, actor=request.principal.actor)

    return await _change(request, client, suspend)


@post("/v1/clients/{client:str}/resume", summary="Resume a client", tags=TAGS, status_code=200)
async def resume_client(request: Call, client: FromPath[str]) -> ClientView:
    """Its runs go on, behind what others have in line. Timers that came due meanwhile fire now. Safe to repeat."""

    async def resume(session: AsyncSession, found: Client) -> Client:
        return await lifecycle.resume(session, found, actor=request.principal.actor)

    answer = await _change(request, client, resume)
    request.resources.ring()
    return answer


async def _change(
    request: Call, client: str, change: Callable[[AsyncSession, Client], Awaitable[Client]]
) -> ClientView:
    async with request.transaction() as session:
        found = await service.find_client(session, request.principal.partner_id, client, lock=True)

        async def present() -> ClientDetail:
            return detail(found, await service.tenants_of(session, found))

        await request.match(present)
        changed = await change(session, found)
        await session.refresh(changed)
        return view(changed)


HANDLERS: Final = (add_environment, suspend_client, resume_client)
