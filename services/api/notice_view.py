"""A notice as the API shows it: in lists, and in the feed of changes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from infra import ids
from services.api.fields import Instant
from services.engine.tables import NoticeRow


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """What people are told of a connection."""

    id: str
    at: Instant
    kind: Annotated[Literal["connection.away", "connection.back"], Meta(description="That an outage began, or ended.")]
    connection: Annotated[str, Meta(examples=["con_01h455vb4pex5vsknk084sn02q"])]
    owner: Annotated[str | None, Meta(description="The connection's, at that moment.")]
    data: Annotated[
        dict[str, Any],
        Meta(
            description="`since` and `reason`; at the end also `until`, `seconds`, and `calls_refused`, which did not"
            " go out meanwhile."
        ),
    ]


def view(row: NoticeRow) -> NoticeView:
    return NoticeView(
        id=ids.show("ntc", row.notice_id),
        at=row.at,
        kind="connection.away" if row.kind == "connection.away" else "connection.back",
        connection=ids.show("con", row.connection_id),
        owner=row.owner,
        data=row.body,
    )
