"""Tickets of Request Tracker that leave the list while it is read: no other is left out."""

from __future__ import annotations

import re
from typing import Any

from infra.egress import Client
from services.connectors.declared import library
from services.connectors.declared.connector import Declared
from services.connectors.simulators.http import Answered, Asked
from services.engine.expressions.protocol import Evaluator
from services.engine.functions import Done
from tests.services.connectors.declared.other import Desk, Other, query_of, said

PAGE = 100


class Tracker(Other):
    """Open tickets by id; the first five are resolved behind the first page."""

    def __init__(self) -> None:
        super().__init__(self._tickets)
        self.open = list(range(1, 251))

    def _tickets(self, asked: Asked) -> Answered:
        query = query_of(asked)
        behind = re.search(r" AND id > ([0-9]+)$", query["query"][0])
        found = [one for one in self.open if behind is None or one > int(behind[1])]
        begin = (int(query.get("page", ["1"])[0]) - 1) * PAGE
        page = [self._shown(one) for one in found[begin : begin + PAGE]]
        self.open = [one for one in self.open if one > 5]
        return said({"items": page})

    @staticmethod
    def _shown(one: int) -> dict[str, Any]:
        at = {"Created": "2026-03-02T08:00:00Z", "LastUpdated": "2026-03-02T08:00:00Z"}
        return {"id": one, "Subject": "-", "Status": "open", "Queue": {"Name": "Q"}, "CustomFields": [], **at}


async def test_a_ticket_that_is_resolved_between_two_pages_moves_no_other(
    client: Client, expressions: Evaluator
) -> None:
    tracker = Tracker()
    document = next(one for one in library.documents() if one.name == "request-tracker")
    async with tracker.running():
        settings = {"user": "robot", "queue": "Q", "reference_field": "Reference", "timeout_seconds": 30}
        desk = Desk(client, tracker, Declared(document, expressions), **settings)
        answer = await desk.call("desk.tickets.search", {"states": ["open"]})
    assert isinstance(answer, Done), answer
    assert [int(one["ticket"]) for one in answer.output["tickets"]] == list(range(1, 251))
