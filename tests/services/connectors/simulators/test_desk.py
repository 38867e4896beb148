"""The simulated service desk: an agent looks at a ticket after an hour, and what has changed since is not resolved."""

from __future__ import annotations

from pathlib import Path

from infra import egress
from services.engine.expressions.evaluator import Expressions
from services.engine.functions import Failed
from tests.services.connectors.simulators.beside import beside


async def test_a_ticket_goes_its_way_and_all_of_a_queue_are_found(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside("desk", tmp_path, client, evaluator) as running:
        given = {"subject": "An order stands still", "text": "It is above the credit.", "reference": "SO-7"}
        made = [(await running.caller.done("desk.tickets.create", given, "key-1"))["ticket"] for _ in range(2)]
        assert made == ["104", "104"]
        read = await running.caller.done("desk.tickets.get", {"ticket": "104"})
        assert (read["ticket"]["state"], read["ticket"]["created_at"]) == ("new", "2026-03-02T08:00:00Z")
        await running.control("POST", "pass", {"seconds": 3600})
        stale = await running.caller.call("desk.tickets.resolve", {"ticket": "104", "version": read["version"]})
        assert isinstance(stale, Failed)
        fresh = await running.caller.done("desk.tickets.get", {"ticket": "104"})
        assert (fresh["ticket"]["state"], fresh["ticket"]["changed_at"]) == ("open", "2026-03-02T09:00:00Z")
        await running.caller.done("desk.tickets.resolve", {"ticket": "104", "version": fresh["version"]})
        await running.caller.done("desk.tickets.create", {**given, "reference": "SO-8"}, "key-2")
        found = (await running.caller.done("desk.tickets.search", {}))["tickets"]
        assert [(one["ticket"], one["state"]) for one in found] == [
            *(("101", "waiting"), ("103", "resolved"), ("104", "resolved"), ("105", "new"))
        ]
        found = (await running.caller.done("desk.tickets.search", {"reference": "SO-8"}))["tickets"]
        assert [one["ticket"] for one in found] == ["105"]
