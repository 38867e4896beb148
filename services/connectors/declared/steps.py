"""What is written before an operation's own request, each part only where it is not there yet (ADR 0095)."""

from __future__ import annotations

from collections.abc import Iterator

from services.connectors.declared.channels import Channel
from services.connectors.declared.document import StepPart
from services.connectors.declared.exchanges import Asking
from services.connectors.declared.mapping import Filled, Unmapped
from services.connectors.sdk.errors import Misread, Refusal
from services.engine.expressions.comparison import truthy


class Step:
    """One of `before`. A call that died behind it finds what it left, and goes on from there."""

    def __init__(self, part: StepPart, pointer: str, exchange: Channel) -> None:
        self._unless = Filled(part.unless, f"{pointer}/unless") if part.unless else None
        self._holds = Filled(part.holds, f"{pointer}/holds") if part.holds else None
        self._otherwise = part.otherwise
        self._keep = part.keep
        self._exchange = exchange

    @property
    def parts(self) -> Iterator[Filled]:
        """Every template in it."""
        yield from (one for one in (self._unless, self._holds) if one is not None)
        yield from self._exchange.parts

    async def take(self, asking: Asking) -> None:
        """Goes by where it was taken before.

        Raises:
            Refusal: what came of it does not hold; what was written stays.
            Away, Misread: as `Exchange.run` does.
        """
        if self._unless is not None and truthy(await _told(asking, self._unless, asking.given)):
            return
        reply = await self._exchange.run(asking)
        if self._holds is not None and not truthy(await _told(asking, self._holds, reply.body)):
            raise Refusal(self._otherwise, name="configuration", title="The other system made something else of it")
        if self._keep:
            asking.variables["kept"] = {**asking.variables["kept"], self._keep: reply.body}


async def _told(asking: Asking, filled: Filled, value: object) -> object:
    try:
        return await asking.filled(filled, value)
    except Unmapped as unmapped:
        raise Misread(unmapped.detail, value) from unmapped
