"""What must hold before a request goes out: of the input, or of what the other side says when it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from services.connectors.declared.channels import Channel
from services.connectors.declared.document import CheckPart
from services.connectors.declared.exchanges import Asking
from services.connectors.declared.mapping import Filled, Unmapped
from services.connectors.declared.pages import Pages
from services.connectors.sdk.errors import Away, Refusal
from services.engine.expressions.comparison import truthy

_BROKEN: Final = 502


class Condition:
    """One of `checks`. `exchange`: how it is asked, of one with a request; its pages are one list."""

    def __init__(self, part: CheckPart, pointer: str, exchange: Channel | Pages | None) -> None:
        self._holds = Filled(part.holds, f"{pointer}/holds")
        self._otherwise = part.otherwise
        self._exchange = exchange
        self._keep = part.keep

    @property
    def parts(self) -> Iterator[Filled]:
        """Every template in it."""
        yield self._holds
        if self._exchange is not None:
            yield from self._exchange.parts

    async def look(self, asking: Asking) -> None:
        """Goes by where it holds.

        Raises:
            Refusal: it does not, or it cannot be judged.
            Away: it cannot be asked now; nothing was done.
            Misread: as `Exchange.run` does.
        """
        if self._exchange is None:
            if not truthy(await self._told(asking, asking.given)):
                raise Refusal(self._otherwise, name="validation", title="The input is not one that it takes")
            return
        context, before = asking.context, asking.context.sent
        try:
            reply = await self._exchange.run(asking)
            holds = truthy(await self._told(asking, reply.body))
        except Away as away:
            raise Away(away.reason, seconds=away.seconds, sent=False, name=away.name) from away
        finally:
            # Asking changes nothing, so that the operation has not begun. Its own pages begin anew.
            context.sent = before
            asking.variables["page"] = asking.variables["beyond"] = None
        if not holds:
            raise Refusal(self._otherwise, name="configuration", title="The other system is not set up for it")
        if self._keep:
            asking.variables["kept"] = {**asking.variables["kept"], self._keep: reply.body}

    async def _told(self, asking: Asking, value: Any) -> Any:
        try:
            return await asking.filled(self._holds, value)
        except Unmapped as unmapped:
            if self._exchange is not None:
                raise Refusal(unmapped.detail, status=_BROKEN, title="The answer has another form") from unmapped
            detail = f"The input cannot be judged: {unmapped.detail}"
            raise Refusal(detail, name="validation", title="The input is not one that it takes") from unmapped
