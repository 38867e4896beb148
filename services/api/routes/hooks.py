"""Where other systems send their webhooks (ADR 0060)."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import Response, post
from msgspec import Meta

from infra import ids
from services.api import receiving
from services.api.call import Call


class ReceivedWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """The webhook is stored. The same one again gets the same answer, with status 200."""

    id: Annotated[str, Meta(description="Ours, for questions.", examples=["rcv_01h455vb4pex5vsknk084sn02q"])]


@post("/hooks/{address:str}", summary="Deliver a webhook", tags=["inbound webhooks"], status_code=202)
async def take_webhook(request: Call) -> Response[ReceivedWebhook]:
    """For the system that an endpoint was made for, signed in the style that the endpoint declares.

    202: it is taken, or ignored by declaration. 200: the same came before. 401: it is not proven from whom it is. 409:
    its id came before with another body. 410, to its sender alone: the endpoint is closed.
    """
    answer = await receiving.take(request)
    return Response(ReceivedWebhook(id=ids.show("rcv", answer.request_id)), status_code=answer.status)


HANDLERS: Final = (take_webhook,)
