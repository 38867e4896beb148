"""S-06: what a process remembers of who may is five seconds old at most, whichever way somebody comes in."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from infra import clock
from infra.database import Database, Scope
from services.portal.app import Front
from tests.asgi import Answer
from tests.services.api.senders import BODY, Sender, make_sender
from tests.services.portal.staff import staff
from tests.services.portal.visitors import House, Visitor, change

Later = Callable[[float], None]


@pytest.fixture
def later(front: Front, monkeypatch: pytest.MonkeyPatch) -> Later:
    """Lets time pass for all that this process remembers, and nothing else be told to forget."""
    passed = [0.0]

    def now() -> float:
        return time.monotonic() + passed[0]

    def pass_by(seconds: float) -> None:
        passed[0] += seconds

    keyring = front.api.app.state.resources.keyring  # type: ignore[attr-defined]
    for remembering in (keyring, front.portal.keeper.sessions, front.portal.brands):
        monkeypatch.setattr(remembering, "_clock", now)
    monkeypatch.setattr(clock, "monotonic", now)
    return pass_by


class Comers:
    """Those of acme's and above it, by every way in."""

    def __init__(self, house: House, sam: Visitor, clerk: Visitor, sender: Sender) -> None:
        self.partner = house.operator.having(house.keys["north"])
        self.client = house.operator.having(house.keys["acme"])
        self.sam, self.clerk, self.sender = sam, clerk, sender
        self.sent = 0

    async def answers(self) -> dict[str, Answer]:
        self.sent += 1
        return {
            "the partner's key": await self.partner.get("/v1/clients/acme/live/runs"),
            "the client's key": await self.client.get("/v1/runs"),
            "the partner's person": await self.sam.get("/v1/clients/acme/live/runs"),
            "the client's person": await self.clerk.get("/v1/runs"),
            "a webhook": await self.sender.raw(BODY, self.sender.signed(f"sent-{self.sent}")),
        }

    async def statuses(self) -> dict[str, int]:
        return {name: answer.status for name, answer in (await self.answers()).items()}


@pytest.fixture
async def comers(house: House, app_database: Database, later: Later) -> Comers:
    """Each was here a moment ago, and is remembered."""
    del later  # the clocks are there first
    sam = await staff(house, app_database, "sam@north.example", "supporter")
    owner = house.operator.having(house.keys["acme"])
    made = Comers(house, sam, await house.north.signed_in(), await make_sender(owner, house.operator.having(None)))
    assert set((await made.statuses()).values()) == {200, 202}
    return made


GONE = {
    "the partner's key": 404, "the client's key": 401, "the partner's person": 404, "the client's person": 401,
    "a webhook": 404,
}  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "gone"),
    [
        ("UPDATE app.client SET status = 'disabled' WHERE slug = 'acme'", GONE),
        (
            "UPDATE app.partner SET status = 'disabled' WHERE slug = 'north'",
            GONE | {"the partner's key": 401, "the client's person": 404},
        ),
        (
            "UPDATE app.api_key SET revoked_at = clock_timestamp() WHERE partner_id IS NOT NULL",
            {"the partner's key": 401, "the client's key": 401},
        ),
        (
            "UPDATE app.account SET status = 'disabled'",
            {"the partner's person": 401, "the client's person": 401},
        ),
    ],
    ids=["the client", "the partner", "keys", "people"],
)
async def test_S_06_whoever_is_ended_elsewhere_is_out_within_five_seconds(
    comers: Comers, house: House, app_database: Database, later: Later, statement: str, gone: dict[str, int]
) -> None:
    """By another process: nothing in this one hears of it."""
    scope = Scope.operator() if "app.partner" in statement else Scope.partner(house.ids["north"])
    await change(app_database, scope, statement)
    later(5)
    statuses = await comers.statuses()
    assert {name: statuses[name] for name in gone} == gone
    assert {statuses[name] for name in statuses.keys() - gone.keys()} <= {200, 202}


async def test_S_06_the_former_partner_of_a_client_that_moved_is_out_within_five_seconds(
    comers: Comers, house: House, later: Later
) -> None:
    made = next(one for one in (await comers.partner.get("/v1/clients")).json["items"] if one["slug"] == "acme")
    await house.operator.post("/v1/partners", {"slug": "west", "name": "West"})
    moved = await house.operator.post(f"/v1/clients/{made['id']}/move", {"partner": "west"})
    assert moved.status == 200, moved.body
    later(5)
    # The sender has its address and its secret still: they are the client's own.
    statuses = await comers.statuses()
    assert {name: statuses[name] for name in GONE if name != "a webhook"} == {
        name: status for name, status in GONE.items() if name != "a webhook"
    }
