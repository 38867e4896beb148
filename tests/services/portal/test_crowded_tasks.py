"""F-25 at decisions: one without room is not begun, and one whose answer was lost is answered when it comes again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.database import Database
from infra.ids import TenantId
from infra.problems import Unavailable
from services.api.room import Room
from services.api.routes import tasks
from tests.services.human_tasks.office import DOCUMENT, Office, working
from tests.services.portal.test_tasks import give, only
from tests.services.portal.visitors import APPROVER, CLERK, House

DECIDED = {"outcome": "approve"}
ALL = "/v1/tasks/complete"


pytestmark = [pytest.mark.usefixtures("office")]


@pytest.fixture
async def office(house: House, app_database: Database, worker_database: Database) -> AsyncIterator[Office]:
    async with working(app_database, worker_database, TenantId(house.ids["acme"])) as one:
        await give(house, app_database, CLERK)
        await give(house, app_database, APPROVER)
        await one.begin(1, DOCUMENT)
        yield one


async def test_places_are_given_in_the_order_of_coming_and_who_finds_none_is_told_to_come_again() -> None:
    rooms, order = Room(1, 0.05), list[int]()

    async def go(number: int) -> None:
        async with rooms.place():
            order.append(number)

    async with rooms.place():
        with pytest.raises(Unavailable) as told:
            await go(0)
    assert (told.value.status, told.value.headers["Retry-After"], told.value.name) == (503, "3", "unavailable")
    await asyncio.gather(*(go(number) for number in range(1, 5)))
    assert order == [1, 2, 3, 4]


async def test_F_25_a_decision_that_finds_no_room_is_503_and_nothing_is_stored(
    house: House, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, full, place = await house.north.signed_in(), Room(1, 0.01), Room.place
    at = f"/v1/tasks/{(await only(clerk))['id']}/complete"
    with monkeypatch.context() as patched:
        patched.setattr(Room, "place", lambda _: place(full))
        async with place(full):
            told = await clerk.send("POST", at, DECIDED)
    assert (told.status, told.problem, told.headers["retry-after"]) == (503, "unavailable", "3")
    assert await office.rows("SELECT 1 FROM app.human_task_decision") == []
    assert (await clerk.send("POST", at, DECIDED)).status == 200


async def test_F_25_one_that_is_kept_and_cannot_be_shown_says_so_and_is_answered_when_it_comes_again(
    house: House, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = await house.north.signed_in()
    at = f"/v1/tasks/{(await only(clerk))['id']}"
    seen = (await clerk.get(at)).headers["etag"]
    shown, asked = tasks.shown, list[int]()

    async def once(request: Any) -> Any:
        asked.append(1)
        if len(asked) == 2:
            raise TimeoutError
        return await shown(request)

    monkeypatch.setattr("services.api.routes.working_on_tasks.shown", once)
    told = await clerk.send("POST", f"{at}/complete", DECIDED, if_match=seen)
    assert (told.status, told.problem) == (503, "unavailable")
    assert "It is decided" in told.json["detail"]
    again = await clerk.send("POST", f"{at}/complete", DECIDED, if_match=seen)
    assert (again.status, again.json["state"]) == (200, "completed"), again.body
    assert len(await office.rows("SELECT 1 FROM app.human_task_decision")) == 1


async def test_no_other_decision_passes_for_the_same_again(house: House) -> None:
    clerk, other = await house.north.signed_in(), await house.north.signed_in(APPROVER)
    at = f"/v1/tasks/{(await only(clerk))['id']}"
    seen = {"if_match": (await clerk.get(at)).headers["etag"]}
    assert (await clerk.send("POST", f"{at}/complete", DECIDED, **seen)).status == 200
    another = await clerk.send("POST", f"{at}/complete", {"outcome": "reject"}, **seen)
    theirs = await other.send("POST", f"{at}/complete", DECIDED, **seen)
    more = await clerk.send("POST", f"{at}/complete", {**DECIDED, "values": {"limit": 1}}, **seen)
    assert [one.status for one in (another, theirs, more)] == [412, 412, 412]


async def test_F_25_of_many_by_one_token_what_finds_no_room_is_left_and_none_begun_is_503(
    house: House, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.begin(2, DOCUMENT)
    clerk, full, place, asked = await house.north.signed_in(), Room(1, 0.01), Room.place, list[int]()
    every = [one["id"] for one in (await clerk.get("/v1/tasks")).json["items"]]
    seen = await clerk.send("POST", ALL, {"preview": True, "tasks": every, **DECIDED})
    token = {"token": seen.json["token"]}
    with monkeypatch.context() as patched:
        patched.setattr(Room, "place", lambda _: place(full))
        async with place(full):
            told = await clerk.send("POST", ALL, token)
    assert (told.status, told.problem, told.headers["retry-after"]) == (503, "unavailable", "3")
    assert await office.rows("SELECT 1 FROM app.human_task_decision") == []

    def few(room: Room) -> Any:
        """Who it is, and one task, find a place."""
        asked.append(1)
        return place(room) if len(asked) < 3 else place(closed)

    closed = Room(0, 0.01)
    with monkeypatch.context() as patched:
        patched.setattr(Room, "place", few)
        some = (await clerk.send("POST", ALL, token)).json["done"]
    assert [one["outcome"] for one in some] == ["completed", *["left"] * (len(every) - 1)]
    done = (await clerk.send("POST", ALL, token)).json["done"]
    assert [one["outcome"] for one in done] == ["completed"] * len(every), "the first as it was told before"
    assert len(await office.rows("SELECT 1 FROM app.human_task_decision")) == len(every)
