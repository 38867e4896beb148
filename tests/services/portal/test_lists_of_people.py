"""People, roles, invitations and providers: listed page by page (S-96), and changed as they were seen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from infra.database import Database
from tests.asgi import Answer
from tests.services.portal.staff import chief, let_in, staff
from tests.services.portal.test_disabled_provider import provider
from tests.services.portal.test_invitations import COOKIE, accept, invite, opened
from tests.services.portal.test_people import made, person
from tests.services.portal.visitors import CLERK, House, Visitor, cookies_of

LISTS = ("/v1/people", "/v1/roles", "/v1/invitations", "/v1/identity-providers")


async def filled(house: House, database: Database) -> Visitor:
    """Acme's administrator, with seven of each kind or more."""
    boss = await chief(house, database)
    for number in range(7):
        await let_in(house, database, f"p{number}@acme.example", "viewer", tenant="acme")
        await made(boss, "runs:read", slug=f"role-{number}")
        assert (await invite(boss, email=f"i{number}@acme.example")).status == 201
        await provider(boss)
    return boss


async def walk(visitor: Visitor, path: str, limit: int) -> list[str]:
    found: list[str] = []
    cursor = ""
    for _ in range(100):
        answer = await visitor.get(f"{path}?limit={limit}{cursor}")
        assert answer.status == 200, answer.body
        assert len(answer.json["items"]) <= limit
        found += [one["id"] for one in answer.json["items"]]
        if answer.json["next"] is None:
            return found
        cursor = f"&cursor={answer.json['next']}"
    raise AssertionError("the list does not end")


async def test_S_96_pages_hold_everybody_once_and_in_order(house: House, app_database: Database) -> None:
    boss = await filled(house, app_database)
    for path in LISTS:
        whole = await walk(boss, path, 200)
        assert len(whole) >= 7, path
        for limit in (1, 3, len(whole) - 1, len(whole)):
            assert await walk(boss, path, limit) == whole, (path, limit)
    people = (await boss.get("/v1/people")).json["items"]
    assert [one["email"] for one in people] == sorted(one["email"] for one in people)
    owners = [one["owner"] for one in (await boss.get("/v1/roles")).json["items"]]
    assert owners == sorted(owners, key=lambda owner: owner != "product")


async def test_S_96_two_people_of_one_address_are_on_two_pages(house: House, app_database: Database) -> None:
    """An address is no name: whoever signs in at a provider may have another's."""
    partner = await staff(house, app_database, "boss@north.example", "administrator")
    await let_in(house, app_database, "both@north.example", "viewer")
    from_all = await walk(partner, "/v1/people", 200)
    assert await walk(partner, "/v1/people", 1) == from_all
    ours = "/v1/people?client=acme&environment=live"
    page = (await partner.get(f"{ours}&limit=2")).json
    assert [one["email"] for one in page["items"]] == ["approver@acme.example", CLERK]
    assert page["next"] is None, "others of the partner are counted on no page of a client's"


async def test_S_96_a_cursor_of_people_is_good_for_nobody_else(house: House, app_database: Database) -> None:
    boss = await filled(house, app_database)
    partner = await staff(house, app_database, "boss@north.example", "administrator")
    cursors = {path: (await boss.get(f"{path}?limit=1")).json["next"] for path in LISTS}
    for path, cursor in cursors.items():
        other = next(one for one in LISTS if one != path)
        for visitor, at in ((partner, path), (boss, other)):
            refused = await visitor.get(f"{at}?limit=1&cursor={cursor}")
            assert (refused.status, refused.problem) == (400, "bad-cursor"), path


async def change(visitor: Visitor, method: str, path: str, tag: str, body: Any = None) -> Answer:
    return await visitor.send(method, path, body, if_match=tag)


async def test_S_68_a_stale_page_gives_nobody_back_what_another_took(house: House, app_database: Database) -> None:
    boss = await chief(house, app_database)
    clerk = f"/v1/people/{person(house)}"
    one, other = await made(boss, "runs:read", slug="one"), await made(boss, "usage:read", slug="other")
    assert (await boss.send("PUT", f"{clerk}/roles", {"roles": [one, other]})).status == 200
    seen = (await boss.get(clerk)).headers["etag"]
    taken = await change(boss, "PUT", f"{clerk}/roles", seen, {"roles": [one]})
    assert taken.status == 200, taken.body
    assert taken.headers["etag"] == (await boss.get(clerk)).headers["etag"] != seen
    stale = await change(boss, "PUT", f"{clerk}/roles", seen, {"roles": [one, other]})
    assert (stale.status, stale.problem) == (412, "precondition-failed")
    assert [given["id"] for given in (await boss.get(clerk)).json["roles"]] == [one]
    for act in ("disable", "enable"):
        assert (await change(boss, "POST", f"{clerk}/{act}", seen)).status == 412
        present = (await boss.get(clerk)).headers["etag"]
        assert (await change(boss, "POST", f"{clerk}/{act}", present)).status == 200


async def test_of_eight_who_saw_the_same_roles_one_changes_them(house: House, app_database: Database) -> None:
    boss = await chief(house, app_database)
    clerk = f"/v1/people/{person(house)}"
    wanted = [await made(boss, "runs:read", slug=f"role-{number}") for number in range(2)]
    seen = (await boss.get(clerk)).headers["etag"]
    answers = await asyncio.gather(
        *(change(boss, "PUT", f"{clerk}/roles", seen, {"roles": [wanted[n % 2]]}) for n in range(8))
    )
    assert sorted(one.status for one in answers) == [200] + [412] * 7


@pytest.mark.parametrize("act", ["disable", "enable"])
async def test_a_provider_is_changed_as_it_was_seen(house: House, app_database: Database, act: str) -> None:
    boss = await chief(house, app_database)
    path = f"/v1/identity-providers/{await provider(boss)}"
    seen = (await boss.get(path)).headers["etag"]
    assert (await boss.send("POST", f"{path}/disable")).status == 200
    stale = await change(boss, "POST", f"{path}/{act}", seen)
    assert (stale.status, stale.problem) == (412, "precondition-failed")
    present = (await boss.get(path)).headers["etag"]
    done = await change(boss, "POST", f"{path}/{act}", present)
    assert (done.status, done.headers["etag"]) == (200, (await boss.get(path)).headers["etag"])


async def test_a_provider_begins_to_provision_as_it_was_seen(house: House, app_database: Database) -> None:
    boss = await chief(house, app_database)
    path = f"/v1/identity-providers/{await provider(boss)}"
    seen = (await boss.get(path)).headers["etag"]
    assert (await boss.send("POST", f"{path}/disable")).status == 200
    assert (await change(boss, "POST", f"{path}/provision", seen)).problem == "precondition-failed"
    assert (await boss.get(path)).json["provisions"] is False
    present = (await boss.get(path)).headers["etag"]
    assert (await change(boss, "POST", f"{path}/provision", present)).json["provisions"] is True


async def test_an_invitation_is_withdrawn_as_it_was_seen(house: House, app_database: Database) -> None:
    boss = await chief(house, app_database)
    asked = await invite(boss)
    path = f"/v1/invitations/{asked.json['id']}"
    read = await boss.get(path)
    assert (read.status, read.json) == (
        200,
        {name: asked.json[name] for name in asked.json if name not in {"link", "unmailed"}},
    )
    assert asked.headers["etag"] == read.headers["etag"], "who made it need not read it to withdraw it"
    stale = await change(boss, "POST", f"{path}/withdraw", '"0123456789abcdef0123456789abcdef"')
    assert (stale.status, stale.problem) == (412, "precondition-failed")
    assert (await boss.get(path)).json["status"] == "waiting"
    done = await change(boss, "POST", f"{path}/withdraw", read.headers["etag"])
    assert (done.status, done.json["status"]) == (200, "withdrawn")
    assert done.headers["etag"] == (await boss.get(path)).headers["etag"]
    assert (await change(boss, "POST", f"{path}/withdraw", read.headers["etag"])).status == 412
    assert (await boss.send("POST", f"{path}/withdraw")).status == 200


async def test_S_69_of_two_who_saw_an_invitation_one_ends_it(house: House, app_database: Database) -> None:
    """Whoever withdraws it is told when somebody has come in by it in between."""
    boss = await chief(house, app_database)
    asked = await invite(boss)
    path = f"/v1/invitations/{asked.json['id']}"
    cookie = cookies_of(await opened(house.north, asked.json["link"]))[COOKIE]
    withdrawn, accepted = await asyncio.gather(
        change(boss, "POST", f"{path}/withdraw", asked.headers["etag"]), accept(house.north, cookie)
    )
    shown = (await boss.get(path)).json["status"]
    assert (withdrawn.status, accepted.status, shown) in {(412, 201, "accepted"), (200, 404, "withdrawn")}


async def test_S_95_half_a_name_of_an_environment_is_a_query_that_cannot_be_read(
    house: House, app_database: Database
) -> None:
    boss = await staff(house, app_database, "boss@north.example", "administrator")
    for query, named in (("client=acme", "environment"), ("environment=live", "client")):
        refused = await boss.get(f"/v1/people?{query}")
        assert (refused.status, refused.problem, refused.json["parameter"]) == (400, "bad-parameter", named)
