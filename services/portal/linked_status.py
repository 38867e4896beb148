"""How something stands, as its customer sees it by a link (ADR 0127)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from services.api.fields import Instant
from services.customer_notices.status import What


class StatusStep(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, in the order of when."""

    what: What
    at: Instant
    was: Annotated[str | None, Meta(description="Of a delay: the day or the moment that was promised.")]
    now: Annotated[str | None, Meta(description="Of a delay: what is promised since.")]


class LinkedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How one thing stands that its customer was written to about; nothing beside it."""

    client: Annotated[str | None, Meta(description="Whose customer they are.")]
    kind: Annotated[str, Meta(examples=["sales-order"])]
    key: Annotated[str, Meta(examples=["10482"])]
    language: Annotated[str | None, Meta(description="In which they were written to.", examples=["es"])]
    steps: list[StatusStep]
    as_of: Instant
