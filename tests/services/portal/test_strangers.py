"""Attempts of nobody that is known: counted for each host, in its owner's log, and no flood of it (S-87)."""

from __future__ import annotations

from typing import Any

import pytest

from infra import clock
from infra.database import Database
from services.api import strangers
from services.portal.app import Front
from tests.services.api.senders import make_sender
from tests.services.portal.visitors import APPROVER, NORTH, SOUTH, House

API = "127.0.0.1"
WRONG = "pk_" + "0" * 26 + "_" + "a" * 52


@pytest.fixture
def counted(front: Front) -> strangers.Strangers:
    return front.inner._api.state.resources.strangers  # type: ignore[no-any-return]


async def records(house: House, key: str, at: str = "/v1/organization/audit") -> list[dict[str, Any]]:
    """The newest last."""
    found = await house.operator.having(house.keys[key]).get(f"{at}?action=access.unknown")
    assert found.status == 200, found.body
    return list(reversed(found.json["items"]))


async def test_S_87_attempts_of_nobody_are_counted_for_each_host_in_its_owners_log(
    house: House, counted: strangers.Strangers, app_database: Database
) -> None:
    nobody = house.operator.having(None)
    for number in range(3):
        assert (await nobody.by(f"198.51.100.{number}").get("/v1/runs")).status == 401
        assert (await nobody.having(WRONG).get("/v1/me")).status == 401
    assert (await house.north.sign_in("nobody@acme.example", "wrong")).status == 401
    assert (await house.south.get("/v1/runs")).status == 401
    # What is no attempt: a page that asks whether somebody is signed in, and whoever is known and may not.
    assert (await house.north.get("/portal/session")).status == 401
    assert (await house.operator.having(house.keys["acme"]).get("/v1/partners")).status == 403
    assert await records(house, "operator") == [], "a record comes once a minute"
    assert await counted.write(app_database, all_of_them=True) == 3
    (told,) = await records(house, "operator")
    assert (told["actor"], told["target"]) == ("nobody", API)
    assert told["after"] | {"seconds": 0} == {
        "attempts": 6,
        "too_many": 0,
        "networks": 4,
        "routes": {"GET /v1/me": 3, "GET /v1/runs": 3},
        "seconds": 0,
    }
    for key, host, route in (("north", NORTH, "POST /portal/session"), ("south", SOUTH, "GET /v1/runs")):
        (told,) = await records(house, key)
        assert (told["target"], told["after"]["routes"]) == (host, {route: 1})


async def test_S_87_somebody_who_is_signed_in_is_not_nobody(
    house: House, counted: strangers.Strangers, app_database: Database
) -> None:
    known = await house.north.signed_in(APPROVER)
    wrong = await known.send("POST", "/portal/session/proof", {"password": "wrong"})
    assert wrong.status == 401, wrong.body
    assert await counted.write(app_database, all_of_them=True) == 0


async def test_S_87_a_webhook_that_nobody_signed_stands_in_the_log_of_whose_endpoint_it_is(
    house: House, counted: strangers.Strangers, app_database: Database
) -> None:
    acme, nobody = house.operator.having(house.keys["acme"]), house.operator.having(None)
    sender = await make_sender(acme, nobody)
    refused = await sender.send("first", webhook_signature="v1,AAAA")
    assert refused.status == 401, refused.body
    assert (await sender.send("first")).status in {200, 202}
    assert await counted.write(app_database, all_of_them=True) == 1
    (told,) = await records(house, "acme", "/v1/audit")
    assert (told["actor"], told["target"], told["after"]["attempts"]) == ("nobody", sender.made["id"], 1)
    assert await records(house, "operator") == []


async def test_S_87_nobody_floods_a_log(
    house: House, counted: strangers.Strangers, app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of six hours is ten records of its host; the numbers in them are all of it."""
    nobody = house.operator.having(None)
    began = now = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    while now < began + 6 * 3_600:
        for number in range(2):
            answer = await nobody.by(f"203.0.113.{number}").having(WRONG).get("/v1/me")
            assert answer.status in {401, 429}
        await counted.write(app_database)
        now += 60
    await counted.write(app_database, all_of_them=True)
    found = await records(house, "operator")
    assert sum(one["after"]["attempts"] for one in found) == 2 * 6 * 60
    assert len(found) <= 12
    # Once it was quiet for as long as a record is waited for, the next attempt is told of within a minute again.
    for later in (3_600, 60):
        now += later
        assert await counted.write(app_database) == 0
    await nobody.get("/v1/me")
    now += 60
    assert await counted.write(app_database) == 1


async def test_S_87_attempts_at_very_many_hosts_are_a_bounded_number_of_records(
    house: House, counted: strangers.Strangers, app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "MOST", 2)
    for number in range(5):
        for _ in range(number + 1):
            counted.note(request("GET", "/v1/runs"), 401, f"api{number}.north.example")
    assert await counted.write(app_database, all_of_them=True) == 3
    found = await records(house, "operator")
    assert [(one["target"], one["after"].get("attempts")) for one in found] == [
        ("api4.north.example", 5),
        ("api3.north.example", 4),
        ("others", 6),
    ]
    assert found[-1]["after"]["hosts"] == 3


def request(method: str, route: str) -> dict[str, Any]:
    return {"method": method, "path_template": route, "state": {}, "client": ("203.0.113.9", 1), "headers": []}
