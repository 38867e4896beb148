"""S-64: a read changes nothing, whoever is made to send it."""

from __future__ import annotations

from typing import Any

from tests.services.api.parties import Parties, holding_all
from tests.services.api.test_foreign_ids import rows as rows  # noqa: PLC0414 (a fixture)
from tests.services.api.things import Things
from tests.services.api.walk import Routes


async def test_S_64_no_read_changes_anything_but_who_asked(
    parties: Parties, things: Things, routes: Routes, rows: Any
) -> None:
    """Of all tables, but the audit and when a key was used."""
    everybody = await holding_all(parties)
    before = await rows()
    read = 0
    for method, template, _ in routes:
        if method != "GET":
            continue
        for caller in (everybody.acme, everybody.north, everybody.operator):
            answer = await caller.get(things.path(template))
            read += answer.status == 200
    assert read > 120
    after = await rows()
    assert [name for name in before if before[name] != after[name]] == []
