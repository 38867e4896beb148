"""A task that somebody got by mail: looked at, and decided by a form that they send (S-64, S-69, ADR 0112)."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody
from msgspec import Meta

from services.api.call import Call
from services.api.filing import DocumentName
from services.engine import values
from services.human_tasks.acting import OUTSIDE
from services.human_tasks.deciding import Decision
from services.links.links import Link
from services.portal import by_outside, by_person
from services.portal.doorkeeper import doorkeeper_of
from services.portal.link_holder import Holder, holder_of, link_of
from services.portal.linked_task import DecidedByLink, LinkedDocument, LinkedTask
from tenants.organizations.link_texts import LinkOver

TAGS: Final = ["links"]
HEADERS: Final = {"Cache-Control": "no-store"}


class DecisionByLink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    outcome: Annotated[str, Meta(max_length=63, description="One of the task's `outcomes`.")]
    version: Annotated[int, Meta(ge=1, le=2**31 - 1, description="Of the task as the link showed it.")]
    saw: Annotated[str, Meta(max_length=64, description="As the link showed it.")]
    values: Annotated[dict[str, Any], Meta(description="By the schema of its form.")] = {}
    why: Annotated[str, Meta(max_length=2_000)] | None = None
    seconds: Annotated[int, Meta(ge=0, le=86_400)] | None = None


@get("/portal/link", summary="Read a task by its link", tags=TAGS)
async def read_linked_task(request: Call) -> Response[LinkedTask]:
    """By the link's text in the header `X-Link`. It changes nothing, however often and by whatever it is looked at."""
    link, holder = await _known(request)
    shown = await by_outside.view(request, link) if holder is None else await by_person.view(request, holder)
    return Response(shown, headers=HEADERS)


@post("/portal/link/decide", summary="Decide a task by its link", tags=TAGS, status_code=200)
async def decide_by_link(request: Call, data: JSONBody[DecisionByLink]) -> Response[DecidedByLink]:
    """As whoever the link was sent to, once: a person with an account by the authority that they have now.

    The same decision again answers the same; another one is refused, and so is who has to sign in first.
    """
    link, holder = await _known(request)
    wanted = Decision(
        outcome=data.outcome,
        values=data.values,
        why=None if data.why is None else values.plain(data.why),
        seen=data.version,
        saw=data.saw,
        seconds=data.seconds,
    )
    if holder is None:
        return Response(await by_outside.decide(request, link, wanted), headers=HEADERS)
    return Response(await by_person.decide(request, holder, wanted), headers=HEADERS)


@post("/portal/link/documents", summary="Add a document by a link", tags=TAGS)
async def add_document_by_link(request: Call, name: DocumentName = "document") -> Response[LinkedDocument]:
    """The body is the file itself, of a kind and size that are taken. Only of who was asked from outside."""
    link, holder = await _known(request)
    if holder is not None or link.used_at is not None:
        raise LinkOver
    return Response(await by_outside.take(request, link, name), status_code=201, headers=HEADERS)


async def _known(request: Call) -> tuple[Link, Holder | None]:
    """The link, and whose it is; None: somebody's outside. Raises LinkOver, TooManyAttempts."""
    async with doorkeeper_of(request).guessing(request):
        link = await link_of(request)
        return link, None if link.purpose == OUTSIDE else await holder_of(request, link)


HANDLERS: Final = (read_linked_task, decide_by_link, add_document_by_link)
