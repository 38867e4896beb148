"""`invoice-dispute` with a real Request Tracker: one ticket, which tells how the case was settled."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from infra.egress import Client, Guard
from infra.encryption.secret import Secret
from services.connectors.sdk.context import OpenConnection
from template_library.scenarios import Reply
from tests.counterparts.calling import CONNECTION, Caller
from tests.counterparts.disputed import decided, dispute
from tests.counterparts.rehearsed import Rehearsed, rehearse
from tests.counterparts.rt.install import PASSWORD


async def settled(desk: Caller, decision: Reply, **more: Any) -> Rehearsed:
    """What came of a dispute that was decided so: its ticket is resolved."""
    claim = f"CL-{uuid4().hex[:8]}"
    connection = OpenConnection(
        id=CONNECTION, connector="request-tracker", settings=dict(desk.settings), secrets={"password": Secret(PASSWORD)}
    )
    people = {"dispute-decision": (decision,)}
    scenario = dispute(claim, "INV-900", "ACME-001", people, "erp", "carrier", **more)
    async with Client(Guard(allow_loopback=True)) as client:
        ran = await rehearse("invoice-dispute", scenario, client, {"desk": connection})
    found = (await desk.done("desk.tickets.search", {"reference": "ACME-001"}))["tickets"]
    (ticket,) = [one for one in found if one["subject"].endswith(f"({claim})")]
    assert (ticket["ticket"], ticket["state"]) == (ran.output["ticket"], "resolved")
    assert ticket["requester"] == "ap@acme.example"
    return ran


async def test_a_dispute_opens_one_ticket_and_resolves_it(desk: Caller) -> None:
    ran = await settled(desk, decided("credit"), restarts=True)
    assert (ran.output["method"], ran.written["erp"]["credit_notes"]) == ("credit", 1)


async def test_what_stands_is_told_on_its_ticket_and_nothing_is_given_back(desk: Caller) -> None:
    why = "The proof is signed without a note."
    stands = Reply(outcome="stands", values={"told": why, "reason": "Clean proof."})
    ran = await settled(desk, stands)
    assert (ran.output["method"], ran.written["erp"]["credit_notes"]) == ("stands", 0)
