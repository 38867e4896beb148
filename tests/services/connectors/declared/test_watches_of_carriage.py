"""Milestones of a TMS: one that nobody knows is told, and keeps no other back."""

from __future__ import annotations

from typing import Any

from infra.egress import Client
from services.connectors.declared import library
from services.connectors.declared.connector import Declared
from services.connectors.sdk.watching import Item, Position, Unfit
from services.engine.expressions.protocol import Evaluator
from services.engine.functions import Done
from tests.services.connectors.declared.other import TENANT, Desk, Other, said


def _event(seq: int, code: str) -> dict[str, Any]:
    about = {"loadId": "L-1", "reference": "SH-1", "scac": "SMPL", "place": "Springfield"}
    return {"seq": seq, "id": f"E-{seq}", "code": code, "at": "2026-03-02T08:00:00Z", **about}


async def test_a_milestone_that_nobody_knows_keeps_no_other_back(client: Client, expressions: Evaluator) -> None:
    document = next(one for one in library.documents() if one.name == "tms-simulator")
    events = [_event(1, "LATE"), _event(2, "TELEPORTED"), _event(3, "ARRIVED")]
    connector = Declared(document, expressions)
    async with Other(said({"events": events})).running() as tms:
        answer = await Desk(client, tms, connector).call("tms.milestones.watch", {})
    assert isinstance(answer, Done), answer
    assert [one["milestone"]["kind"] for one in answer.output["milestones"]] == ["delayed", "delivered"]
    assert answer.output["cursor"] == "3"
    news = await connector.polls["arrivals"].reads(answer.output, Position(cursor=None, began=""), {}, TENANT)
    arrived, unknown = news.items
    assert isinstance(arrived, Item)
    assert isinstance(unknown, Unfit)
    assert unknown.detail == "E-2: its event TELEPORTED is none that is known"
