"""A notice as the API shows it: in lists, and in the feed of changes."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from infra import ids
from services.api.fields import Instant
from services.engine.tables import NoticeRow

Kind = Literal[
    "connection.away",
    "connection.back",
    "connection.ending",
    "effect.uncertain",
    "playbook.entered",
    "playbook.reconciling",
    "playbook.left",
    "quota.near",
    "quota.reached",
    "peak.began",
    "peak.ended",
    "interface.finding",
    "webhook.disabled",
    "webhook.recovered",
    "task.due",
    "hold.due",
]


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """What people are told: of a connection, of a run that waits for them, of quotas and peaks."""

    id: str
    at: Instant
    kind: Annotated[
        Kind,
        Meta(
            description="That an outage began, or ended; that what a connection signs in with ends soon; that nobody"
            " but a person can tell what became of a call; that four fifths of a quota are used, or all of it; that a"
            " peak began by itself, or ended; that a playbook was moved; that an interface is used by somebody or in a"
            " version that was not declared; that nothing is sent to a webhook endpoint any more, or that it takes"
            " messages again; that a human task or a hold waits for longer than it should."
        ),
    ]
    connection: Annotated[str | None, Meta(examples=["con_01h455vb4pex5vsknk084sn02q"])]
    run: Annotated[str | None, Meta(description="That waits, where it is about one.")]
    owner: Annotated[str | None, Meta(description="The connection's, at that moment.")]
    data: Annotated[
        dict[str, Any],
        Meta(
            description="Of an outage `since` and `reason`; at its end also `until`, `seconds`, and `calls_refused`,"
            " which did not go out meanwhile. Of what ends soon `until` and `what`. Of an effect its key (`effect`),"
            " `operation`, `task`, `since`, and the run's `business_key`, `value` and `deadline`. Of a quota its name"
            " (`quota`), `limit` and `used`; of a peak how many runs were in line (`in_line`). Of a playbook `by`, and"
            " `reason`. Of an interface what the register finds of it (`finding`, `kind`, `name`, `party`, `version`)."
            " Of a webhook endpoint its id (`endpoint`) and a `title`. Of a human task its id (`task`),"
            " `kind`, `since` and `due`; of a hold `hold`, `type`, `reason`, `order` or `customer`, `since`, `due`."
        ),
    ]


def view(row: NoticeRow) -> NoticeView:
    return NoticeView(
        id=ids.show("ntc", row.notice_id),
        at=row.at,
        kind=cast("Kind", row.kind),
        connection=None if row.connection_id is None else ids.show("con", row.connection_id),
        run=None if row.run_id is None else ids.show("run", row.run_id),
        owner=row.owner,
        data=row.body,
    )
