"""Evidence of a scenario answers every call as the product's does: the same calls, one after the other, on both."""

from __future__ import annotations

from typing import Any, Final

from infra import ids
from infra.database import Database
from services.engine.claims import Claims
from services.engine.functions import Answer, Call, Done
from services.evidence.function import NAME, EvidenceFunction
from services.rehearsals.evidence import Evidence
from services.rehearsals.times import Time
from tests.world import deploy, make_tenant, start_runs

OPEN: Final[dict[str, Any]] = {
    "do": "open",
    "case": "D-1",
    "about": {"kind": "invoice", "key": "INV-7"},
    "reason": "damage",
    "required": {"pod": "Proof of delivery", "photo": None},
}
CALLS: Final[list[dict[str, Any]]] = [
    {"do": "check", "case": "D-1"},
    {"do": "look", "case": "D-1"},
    {"do": "open", "case": "D-1", "required": {"pod": None}},
    {**OPEN, "do": "check"},
    OPEN,
    {**OPEN, "reason": "price"},
    {**OPEN, "required": {"pod": "Changed", "bol": {"title": "Bill of lading", "names": ["bol"]}}},
    {**OPEN, "required": {f"paper-{place}": None for place in range(50)}},
    {**OPEN, "required": {"Not A Word": None}},
    {"do": "check", "case": "D-1"},
    {"do": "add", "case": "D-1", "to": "pod"},
    {"do": "add", "case": "D-1", "document": "doc_x", "to": "pod"},
    {"do": "add", "case": "D-1", "document": ids.show("doc", ids.new()), "to": "pod"},
    {"do": "pack", "case": "D-9"},
    {"do": "check", "case": "x" * 201},
]


def plain(answer: Answer) -> Any:
    """Without ids and words."""
    if isinstance(answer, Done):
        assert isinstance(answer.output, dict)
        return {name: value for name, value in answer.output.items() if name != "id"}
    return ("refused", answer.error.type, answer.error.status, answer.error.title)


async def test_every_call_is_answered_alike(app_database: Database, worker_database: Database) -> None:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app_database, world.tenant_id, 1)
    (claim,) = await Claims(worker_database, "test", 3_600).take(1)
    real, played = EvidenceFunction(worker_database), Evidence((), Time(None))
    for place, arguments in enumerate(CALLS):
        call = Call(
            function=NAME,
            arguments=arguments,
            reference=f"/do/{place}",
            key=str(place),
            tenant=world.tenant_id,
            run=claim.run_id,
            fence=claim.fence,
        )
        for _ in range(2):
            assert plain(await played(call)) == plain(await real(call)), (place, arguments)
