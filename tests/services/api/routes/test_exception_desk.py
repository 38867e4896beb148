"""The exception desk over the API: the riskiest first, grouped, with what may be done (ADR 0116)."""

from __future__ import annotations

from typing import Any

import pytest

from services.exceptions.categories import OTHERWISE
from tests.services.api.parties import Parties
from tests.services.api.routes.test_exceptions import CONNECTION, categories, desk, listed

__all__ = ["desk"]


@pytest.mark.usefixtures("desk")
async def test_the_desk_shows_what_is_riskiest_first_and_groups_it(parties: Parties) -> None:
    items = await listed(parties.acme, sort="risk")
    assert [one["at_risk"] and one["at_risk"]["currency"] for one in items] == ["EUR", "USD", None, None, None]
    assert categories(items)[2] == "uncertain", "late, though nobody knows what it is worth"
    assert [one["probability"] for one in items[2:3]] == [1.0]
    assert 0.45 < items[0]["probability"] < 0.55, "eight hours are left"
    paged: list[Any] = []
    further = ""
    for _ in range(3):
        answer = await parties.acme.get(f"/v1/exceptions?sort=risk&limit=2{further}")
        paged += answer.json["items"]
        further = f"&cursor={answer.json['next']}"
    assert [one["id"] for one in paged] == [one["id"] for one in items]
    assert (await parties.acme.get("/v1/exceptions?sort=risk&state=resolved")).problem == "bad-parameter"
    assert await listed(parties.acme, queue="mine", sort="risk") == [], "a key has no roles"
    parked = (await listed(parties.acme, stage="order", category="parked"))[0]
    assert parked["actions"] == ["cancel", "discard", "assign", "note"]
    assert parked["next_step"].startswith("Wait for the connection")
    told = (await parties.acme.get("/v1/exceptions/groups?by=system")).json
    assert [(one["group"], one["currency"], one["count"]) for one in told["items"]] == [
        (None, "EUR", 1),
        (CONNECTION, "USD", 1),
        (None, None, 3),
    ]
    body = {"preview": True, "filter": {"stage": "order"}, "action": "note", "words": "x"}
    seen = (await parties.acme.post("/v1/exceptions/act", body)).json
    assert seen["count"] == 1, "the parked one"
    for stranger in (parties.sibling, parties.foreign):
        assert (await stranger.get("/v1/exceptions/groups?by=stage")).json["items"] == []


@pytest.mark.usefixtures("desk")
async def test_a_preview_says_of_each_what_would_become_of_it_and_which_do_not_take_the_act(parties: Parties) -> None:
    async def preview(**body: Any) -> Any:
        answer = await parties.acme.post("/v1/exceptions/act", {"preview": True, "filter": {}, **body})
        assert answer.status == 200, answer.json
        return answer.json

    seen = await preview(action="retry")
    assert [(one["category"], one["outcome"], one["ends_run"]) for one in seen["foreseen"]] == [
        ("failed", "retried", False),
        ("failed", "retried", False),
        ("quarantined", "resumed", False),
        ("parked", None, False),
        ("uncertain", None, False),
    ]
    assert (seen["covered"], seen["refused"]) == (3, 2)
    assert [one["why"] for one in seen["foreseen"]][2:] == [None, OTHERWISE["parked"], OTHERWISE["uncertain"]]
    ends = (await preview(action="discard", words="x"))["foreseen"]
    assert [one["ends_run"] for one in ends] == [False, False, True, True, True]


@pytest.mark.usefixtures("desk")
async def test_its_history_says_who_did_what_with_it_and_with_its_run(parties: Parties) -> None:
    (one,) = [found for found in await listed(parties.acme, category="failed") if found["business_key"] == "o-0"]
    path = f"/v1/exceptions/{one['id']}"

    async def act(seen: int, **body: Any) -> None:
        answer = await parties.acme.post(f"{path}/act", {**body, "seen": seen})
        assert answer.status == 200, answer.json

    async def told() -> list[tuple[str, str | None, str | None]]:
        lines = (await parties.acme.get(path)).json["history"]
        assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
        assert [line["by"].partition(":")[0] for line in lines] == ["engine"] + ["key"] * (len(lines) - 1)
        return [(line["action"], line["owner"], line["words"]) for line in lines]

    assert await told() == [("opened", None, None)]
    await act(0, action="assign", owner="role:credit")
    await act(1, action="note", words="They pay on Friday")
    await act(2, action="assign", owner=None)
    expected = [
        ("opened", None, None),
        ("assigned", "role:credit", None),
        ("noted", None, "They pay on Friday"),
        ("assigned", None, None),
    ]
    assert await told() == expected
    await act(3, action="retry")
    assert await told() == [*expected, ("retried", None, None)], "once, though it also closed it"
    (other,) = await listed(parties.acme, category="failed")
    gone = await parties.acme.post(f"/v1/exceptions/{other['id']}/act", {"action": "discard", "words": "Sent twice"})
    assert gone.status == 200, gone.json
    lines = (await parties.acme.get(f"/v1/exceptions/{other['id']}")).json["history"]
    assert [(line["action"], line["words"]) for line in lines] == [("opened", None), ("discarded", "Sent twice")]
