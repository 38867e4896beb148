"""One request of a manifest and its answer, with credentials that are fetched anew once where they have ended."""

from __future__ import annotations

from typing import Any

import msgspec

from services.connectors.declared.credentials.kinds import Credentials
from services.connectors.declared.mapping import Filled, Filling, Unmapped
from services.connectors.declared.replies import Replies, Reply
from services.connectors.declared.requests import Outgoing, Requests
from services.connectors.declared.verdicts import Ended
from services.connectors.sdk import hints
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Refusal


class Asking(msgspec.Struct):
    """One call: what is known of it while its requests go out.

    Attributes:
        variables: those of programs; they grow.
        path: of the last request, with its query, without credentials.
    """

    given: Any
    variables: dict[str, Any]
    context: Context
    filling: Filling
    path: str = ""

    async def filled(self, filled: Filled, value: Any) -> Any:
        """Raises Unmapped."""
        return await filled.of(value, self.variables, self.filling)


class Exchange:
    def __init__(self, requests: Requests, replies: Replies, credentials: Credentials) -> None:
        self._requests = requests
        self._replies = replies
        self._credentials = credentials

    @property
    def parts(self) -> tuple[Filled, ...]:
        """Every template in it."""
        return (*self._requests.parts, *self._replies.parts)

    async def run(self, asking: Asking, path: str | None = None) -> Reply:
        """Send it and read the answer; `path`, with its query, in place of the manifest's.

        Raises:
            Refusal: also when no request can be made of the input.
            Away, Misread: as `Replies.read` does.
        """
        try:
            outgoing = await self._requests.make(asking.given, asking.variables, asking.filling)
        except Unmapped as unmapped:
            detail = f"No request can be made of this input: {unmapped.detail}"
            raise Refusal(detail, name="validation", status=400, title="The input has no place") from unmapped
        if path is not None:
            outgoing = msgspec.structs.replace(outgoing, path=path)
        return await self._sent(outgoing, asking)

    async def _sent(self, outgoing: Outgoing, asking: Asking) -> Reply:
        context, asking.path = asking.context, outgoing.path
        for is_last in (False, True):
            signed = await self._credentials.sign(outgoing, context)
            response = await context.send(
                signed.outgoing.method,
                signed.outgoing.path,
                headers=signed.outgoing.headers,
                credentials=signed.credentials,
                body=signed.outgoing.body,
            )
            if not is_last and self._credentials.has_ended(response, context):
                continue
            asking.variables["status"] = response.status
            asking.variables["headers"] = response.headers
            try:
                return await self._replies.read(response, context, asking.variables, asking.filling)
            except Ended as ended:
                # Who is refused for its credentials has done nothing: the request may go out again.
                if is_last or not self._credentials.forget(context):
                    raise hints.unauthenticated(ended.words, self._replies.change) from ended
        raise AssertionError("the last round returns or raises")
