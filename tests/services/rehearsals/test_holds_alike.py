"""Holds of a scenario answer every call as the product's do: the same calls, one after the other, on both."""

from __future__ import annotations

from typing import Any, Final

from infra.database import Database
from services.engine.claims import Claims
from services.engine.functions import Answer, Call, Done, Later
from services.holds.function import NAME, HoldsFunction
from services.rehearsals.holds import HoldsDesk
from services.rehearsals.times import Time
from template_library.scenarios import Holds
from tests.world import deploy, make_tenant, start_runs

DOCUMENT: Final = """
document: {dsl: '1.0.3', namespace: tests, name: alike, version: 1.0.0}
do:
  - rest: {wait: PT1H}
"""


def _many(which: int) -> list[str]:
    return [f"p{which}-{place}@acme.example" for place in range(20)]


CALLS: Final[list[dict[str, Any]]] = [
    {"do": "check", "order": "SO-1", "customer": "C-1"},
    {"do": "check", "order": "SO-1"},
    {"do": "wait", "order": "SO-1"},
    {"do": "raise", "order": "SO-1", "type": "incomplete", "reason": "unknown-customer"},
    {"do": "wait", "order": "SO-1"},
    {"do": "raise", "order": "SO-1", "customer": "C-1", "type": "credit", "reason": "limit-exceeded"},
    {"do": "raise", "order": "SO-1", "customer": "C-1", "type": "credit", "reason": "limit-exceeded"},
    {"do": "raise", "order": "SO-1", "customer": "C-2", "type": "credit", "reason": "limit-exceeded"},
    {"do": "raise", "order": "SO-1", "line": "1", "type": "stock", "reason": "short", "role": "warehouse"},
    {"do": "raise", "order": "SO-1", "type": "compliance", "reason": "licence-missing"},
    {"do": "raise", "order": "SO-1", "type": "nothing", "reason": "odd"},
    {"do": "raise", "customer": "C-1", "type": "margin", "reason": "odd"},
    {"do": "check", "order": "SO-1"},
    {"do": "wait", "order": "SO-1", "customer": "C-1"},
    {"do": "clear", "order": "SO-1", "type": "stock", "why": "it came"},
    {"do": "clear", "order": "SO-1", "why": "all of it"},
    {"do": "clear", "order": "SO-1", "why": "all of it"},
    {"do": "clear", "customer": "C-1", "why": "it is well"},
    {"do": "wait", "order": "SO-1"},
    {"do": "wait", "order": "SO-2", "customer": "C-2"},
    {"do": "raise", "order": "SO-2", "customer": "C-2", "type": "stock", "reason": "short"},
    {"do": "raise", "order": "SO-2", "customer": "C-2", "type": "price", "reason": "variance"},
    {"do": "raise", "order": "SO-3", "type": "credit", "reason": "odd", "facts": {"requester": "xxx"}},
    {"do": "raise", "order": "SO-3", "type": "credit", "reason": "odd", "facts": {"margin_percent": 1e-300}},
    {"do": "raise", "order": "SO-3", "type": "credit", "reason": "odd", "site": " depot"},
    {"do": "wait", "order": "SO-3", "customer": "C-1", "site": "(any other)"},
    {"do": "raise", "order": "SO-3", "type": "credit", "reason": "odd", "facts": {"requester": ["jo@acme.example"]}},
    {"do": "raise", "order": "SO-3", "type": "credit", "reason": "odd", "facts": {"requester": _many(1)}},
    {"do": "raise", "order": "SO-3", "type": "credit", "reason": "odd", "facts": {"requester": _many(2)}},
    {"do": "odd"},
    {"do": "claim", "order": "SO-4", "customer": "C-1"},
    {"do": "sold", "order": "SO-4", "customer": "C-1", "sale": "S-1"},
    {"do": "check", "order": "SO-4", "customer": "C-1", "content": [1]},
    {"do": "claim", "order": "SO-4", "customer": "C-1", "content": {"a": 1, "b": 2}, "within_days": 30},
    {"do": "check", "order": "SO-4", "customer": "C-1", "content": {"b": 2, "a": 1}},
    {"do": "sold", "order": "SO-4", "customer": "C-2", "sale": "S-1"},
    {"do": "sold", "order": "SO-4", "customer": "C-1", "sale": "S-1"},
    {"do": "check", "order": "SO-4", "customer": "C-1"},
    {"do": "check", "order": "SO-4", "customer": "C-1", "content": {"b": 1, "a": 2}, "within_days": 30},
    {"do": "check", "order": "SO-4", "customer": "C-1", "within_days": 0},
    {"do": "check", "order": "SO-4", "customer": "C-2"},
    {"do": "check", "order": "SO-4"},
    {"do": "claim", "order": "SO-4", "customer": "C-1", "content": {"a": 1, "b": 2}, "within_days": 30},
    {"do": "claim", "order": "SO-4", "customer": "C-2", "content": {"a": 1, "b": 2}},
]


def plain(answer: Answer, seen: dict[str, str]) -> Any:
    """Ids by the order in which they came, and no words."""
    if isinstance(answer, Later):
        return ("waits", answer.line)
    if not isinstance(answer, Done):
        return ("refused", answer.error.type, answer.error.status)
    return named(answer.output, seen)


def named(value: Any, seen: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: "a moment" if name == "at" else named(one, seen) for name, one in value.items()}
    if isinstance(value, list):
        return [named(one, seen) for one in value]
    if isinstance(value, str) and value.startswith("hld_"):
        return seen.setdefault(value, f"hold {len(seen)}")
    return value


async def test_every_call_is_answered_alike(app_database: Database, worker_database: Database) -> None:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, DOCUMENT, event_type="order.captured")
    await start_runs(app_database, world.tenant_id, 1)
    (claim,) = await Claims(worker_database, "test", 3_600).take(1)
    ours, theirs = dict[str, str](), dict[str, str]()
    real, played = HoldsFunction(worker_database), HoldsDesk(Holds(), Time(None))
    for place, arguments in enumerate(CALLS):
        for _ in range(2):
            call = Call(
                function=NAME,
                arguments=arguments,
                reference=f"/do/{place}",
                key=str(place),
                tenant=world.tenant_id,
                run=claim.run_id,
                fence=claim.fence,
            )
            expected, found = plain(await real(call), theirs), plain(await played(call), ours)
            assert found == expected, (place, arguments)
