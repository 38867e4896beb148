"""`invoice-dispute` with a real Request Tracker: one ticket, which tells how the case was settled."""

from __future__ import annotations

from uuid import uuid4

from infra.egress import Client, Guard
from infra.encryption.secret import Secret
from services.connectors.sdk.context import OpenConnection
from tests.counterparts.calling import CONNECTION, Caller
from tests.counterparts.disputed import decided, dispute
from tests.counterparts.rehearsed import rehearse
from tests.counterparts.rt.install import PASSWORD


async def test_a_dispute_opens_one_ticket_and_resolves_it(desk: Caller) -> None:
    claim = f"CL-{uuid4().hex[:8]}"
    connection = OpenConnection(
        id=CONNECTION, connector="request-tracker", settings=dict(desk.settings), secrets={"password": Secret(PASSWORD)}
    )
    people = {"dispute-decision": (decided("credit"),)}
    scenario = dispute(claim, "INV-900", "ACME-001", people, "erp", "carrier", restarts=True)
    async with Client(Guard(allow_loopback=True)) as client:
        ran = await rehearse("invoice-dispute", scenario, client, {"desk": connection})
    assert (ran.output["method"], ran.written["erp"]["credit_notes"]) == ("credit", 1)
    found = (await desk.done("desk.tickets.search", {"reference": "ACME-001"}))["tickets"]
    (ticket,) = [one for one in found if one["subject"].endswith(f"({claim})")]
    assert (ticket["ticket"], ticket["state"]) == (ran.output["ticket"], "resolved")
    assert ticket["requester"] == "ap@acme.example"
