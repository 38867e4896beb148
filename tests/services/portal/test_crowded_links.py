"""F-25 at answers by link: one without room is not begun, and one that comes twice at once is answered twice alike."""

from __future__ import annotations

import asyncio

import pytest

from services.api.room import Room
from tests.patience import PATIENCE
from tests.services.portal.task_mails import decide, look
from tests.services.portal.test_outside import Desk, desk, portal_settings

__all__ = ["desk", "portal_settings"]


async def test_F_25_an_answer_without_room_is_503_and_of_two_alike_at_once_both_are_told_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, north = await desk.ask(), desk.house.north
    asked = (await look(north, token)).json["asked"]
    body = {"outcome": "confirmed", "version": asked["version"], "saw": asked["saw"], "values": {"days": 3}}
    full, place = Room(1, 0.01), Room.place
    with monkeypatch.context() as patched:
        patched.setattr(Room, "place", lambda _: place(full))
        async with place(full):
            told = await decide(north, token, **body)
    assert (told.status, told.problem, told.headers["retry-after"]) == (503, "unavailable", "3")
    assert (await look(north, token)).json["state"] == "open", "nothing was stored"
    narrow = Room(1)
    monkeypatch.setattr(Room, "place", lambda _: place(narrow))
    async with place(narrow):
        both = [asyncio.create_task(decide(north, token, **body)) for _ in range(2)]
        await _waiting(narrow, 2)
        other = asyncio.create_task(decide(north, token, **{**body, "values": {"days": 4}}))
        await _waiting(narrow, 3)
    one, two = await asyncio.gather(*both)
    assert (one.status, two.status) == (200, 200), (one.body, two.body)
    assert one.json == two.json
    assert (await other).status != 200


async def _waiting(room: Room, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(room._places._waiters or ()) < count:
            await asyncio.sleep(0.01)
