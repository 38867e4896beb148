"""The trigger `mail`: what came to the folder as events."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from services.connectors.builtin.imap.form import TRIGGER
from services.connectors.sdk.manifest import Trigger
from services.connectors.sdk.watching import Item, News, Position, Unfit

EVENT: Final = "mail.received"
"""Of which nobody has said yet what it is: no event of the trade. A workflow or a mapping makes more of it."""
SECONDS: Final = 60.0


class Watched(msgspec.Struct, frozen=True):
    """Fills `Polled`."""

    operation: str
    event: str = EVENT
    seconds: float = SECONDS

    async def asks(self, position: Position, settings: dict[str, Any], tenant: UUID) -> dict[str, Any]:
        """See `Polled.asks`."""
        del settings, tenant
        return {"cursor": position.cursor, "began": position.began}

    async def reads(self, output: Any, position: Position, settings: dict[str, Any], tenant: UUID) -> News:
        """See `Polled.reads`."""
        del position, settings, tenant
        return News([_item(one) for one in output["messages"]], output["cursor"])


TRIGGERS: Final = (Trigger(name=TRIGGER, title="Mail that came", kind="mail", events=(EVENT,), every="PT1M"),)


def _item(message: dict[str, Any]) -> Item | Unfit:
    if "unfit" in message:
        return Unfit(message["unfit"], message["known_by"])
    return Item(id=message["id"], version=message["version"], data=message["data"], time=message["time"])
