"""How an order stands, for the customer who has the link of a notice; looking changes nothing (S-69, ADR 0127)."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import Response, get

from infra import clock
from infra.database import Scope
from services.api.call import Call
from services.customer_notices import status
from services.portal.brands import brand_of
from services.portal.doorkeeper import doorkeeper_of
from services.portal.link_holder import link_of
from services.portal.linked_status import LinkedStatus, StatusStep
from tenants.organizations import service as organizations
from tenants.organizations.link_texts import LinkOver

TAGS: Final = ["links"]
HEADERS: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


@get("/portal/status", summary="Read a status page by its link", tags=TAGS)
async def read_linked_status(request: Call) -> Response[LinkedStatus]:
    """By the link's text in the header `X-Link`. It changes nothing, however often and by whatever it is looked at."""
    async with doorkeeper_of(request).guessing(request):
        link = await link_of(request)
        if link.purpose != status.PURPOSE:
            raise LinkOver
    async with request.resources.database.tenant(link.tenant_id) as connection:
        found = await status.read(connection, link)
    async with request.resources.database.session(Scope.partner(brand_of(request).partner_id)) as session:
        client = await organizations.client_name(session, link.tenant_id)
    shown = LinkedStatus(
        client=client,
        kind=found.kind,
        key=found.key,
        language=found.language,
        steps=[StatusStep(**msgspec.structs.asdict(one)) for one in found.steps],
        as_of=clock.now(),
    )
    return Response(shown, headers=HEADERS)


HANDLERS: Final = (read_linked_status,)
