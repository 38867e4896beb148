"""S-05: a partner lets its client's first administrator in, and after that nobody who may read payloads there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from infra.database import Database, Scope
from services.portal.app import Front
from tenants.mail import service as mail
from tenants.mail.service import context
from tenants.organizations import service as organizations
from tests.asgi import Answer
from tests.services.api.parties import first_key
from tests.services.portal.staff import chief, let_in, staff
from tests.services.portal.test_invitations import COOKIE, accept, opened, role
from tests.services.portal.visitors import House, Visitor, change, cookies_of, token_of

AT_ACME = {"client": "acme", "environment": "live"}
UNREAD = "payloads:read"
CLOUD_EVENT = "application/cloudevents+json"
ORDER = {"specversion": "1.0", "source": "/shop", "type": "order.captured", "data": {}}


@pytest.fixture
async def boss(house: House, app_database: Database) -> Visitor:
    """An administrator of north's own."""
    return await staff(house, app_database, "boss@north.example", "administrator")


async def ask(boss: Visitor, slug: str = "administrator", **other: Any) -> Answer:
    wish = {"email": "nina@acme.example", "name": "Nina", "roles": [await role(boss, slug)], **AT_ACME, **other}
    return await boss.send("POST", "/v1/invitations", wish)


async def mailed(front: Front, worker: Database) -> list[str]:
    """What stands behind the `#` of the links that wait to be sent: the mailbox's owner sees them, and nobody else."""
    async with worker.doors() as connection:
        rows = await connection.fetch("SELECT mail_id, sealed FROM app.take_mails(10, 60)")
    keys = front.api.app.state.resources.keys  # type: ignore[attr-defined]
    return ["#" + (await keys.unwrap(one["sealed"], context(one["mail_id"]))).decode() for one in rows]


async def test_S_05_whoever_no_mail_reaches_is_asked_in_with_a_word_on_what_to_do(
    boss: Visitor, front: Front, app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link of a first administrator is in the mail alone."""

    async def word(email: str = "nina@acme.example", **other: Any) -> str | None:
        made = await ask(boss, email=email, **other)
        assert made.status == 201, made.body
        found: str | None = made.json["unmailed"]
        return found

    colleague = {"client": None, "environment": None, "roles": [await role(boss, "viewer", "partner")]}
    assert "no mail server yet. Ask the operator, who can let" in str(await word())
    assert "Hand the link over yourself" in str(await word("a@north.example", **colleague))
    resources = front.api.app.state.resources  # type: ignore[attr-defined]
    monkeypatch.setattr(resources, "settings", replace(resources.settings, mail_host="mail.example"))
    lacking = await word("otto@acme.example")
    assert "no address yet that mail of this brand comes from. Ask the operator to set one" in str(lacking)
    async with app_database.session(Scope.operator()) as session:
        north = await organizations.find_partner(session, "north")
        await mail.set_sending(session, north, sender="notices@north.example", language=None, actor="test")
        await session.commit()
    assert await word("paula@acme.example") is None
    assert await word("b@north.example", mail=False, **colleague) is None, "it was not wanted"


async def come_in(visitor: Visitor, link: str, **headers: str) -> Answer:
    seen = await opened(visitor, link)
    return await accept(visitor, cookies_of(seen)[COOKIE], **headers) if seen.status == 201 else seen


async def test_S_05_the_first_administrator_comes_in_by_mail_alone_and_the_clients_log_begins_with_it(
    house: House, boss: Visitor, worker_database: Database, front: Front
) -> None:
    made = await ask(boss)
    assert made.status == 201, made.body
    assert (made.json["is_first"], made.json["link"]) == (True, None)
    [link] = await mailed(front, worker_database)
    shown = [made, await boss.get("/v1/invitations"), await boss.get(f"/v1/invitations/{made.json['id']}")]
    shown += [await boss.get("/v1/mails"), await boss.get("/v1/clients/acme/live/audit")]
    assert all(one.status == 200 or one is made for one in shown)
    assert not [one for one in shown if link[1:] in one.body.decode()]
    entered = await come_in(house.north, link)
    assert entered.status == 201, entered.body
    nina = house.north.having(token_of(entered))
    assert UNREAD in (await nina.get("/portal/session")).json["permissions"]
    log = (await nina.get("/v1/audit?action=invitation.created")).json["items"]
    me = (await boss.get("/portal/session")).json["account"]["id"]
    assert [(one["actor"], one["after"]["first"]) for one in log] == [(f"account:{me}", True)]


async def test_S_05_once_there_is_an_administrator_nobody_above_gives_what_they_lack(
    house: House, boss: Visitor, app_database: Database
) -> None:
    nina = await chief(house, app_database)
    refused = [await ask(boss, slug) for slug in ("administrator", "clerk", "viewer")]
    body = {"roles": [await role(boss, "administrator")]}
    listed = (await boss.get("/v1/people?client=acme&environment=live")).json["items"]
    ids = {one["email"]: one["id"] for one in listed}
    refused += [await boss.send("PUT", f"/v1/people/{ids[one]}/roles", body) for one in sorted(ids)]
    new = {"slug": "peek", "name": "Peek", "permissions": ["runs:read", UNREAD]}
    refused.append(await boss.send("POST", "/v1/roles", new))
    own = await boss.send("POST", "/v1/roles", {**new, "permissions": ["runs:read"]})
    change_to = {"permissions": ["runs:read", UNREAD]}
    refused.append(await boss.send("PATCH", f"/v1/roles/{own.json['id']}", change_to))
    refused.append(await boss.send("POST", "/v1/keys", {"name": "peek", "permissions": [UNREAD], **AT_ACME}))
    full = (await nina.send("POST", "/v1/keys", {"name": "of the client"})).json
    refused.append(await boss.send("POST", f"/v1/keys/{full['id']}/rotate", {}))
    for one in refused:
        assert (one.status, one.problem) in {(403, "not-yours-to-grant"), (403, "not-yours-to-manage")}, one.body
        assert one.json["permissions"], "the problem names what is missing"
    limited = await boss.send("POST", "/v1/keys", {"name": "desk", **AT_ACME})
    assert UNREAD not in limited.json["permissions"]
    assert (await ask(boss, roles=[own.json["id"]])).json["is_first"] is False, "what the partner holds it gives"


async def test_S_05_of_two_who_are_asked_first_one_becomes_it(
    house: House, boss: Visitor, worker_database: Database, front: Front
) -> None:
    for email in ("nina@acme.example", "otto@acme.example"):
        assert (await ask(boss, email=email)).status == 201
    first, second = await mailed(front, worker_database)
    cookies = [cookies_of(await opened(house.north, link))[COOKIE] for link in (first, second)]
    answers = await asyncio.gather(*(accept(house.north, one) for one in cookies))
    assert sorted(one.status for one in answers) == [201, 404]
    late = first if answers[0].status == 404 else second
    assert (await opened(house.north, late)).problem == "invitation-over"
    assert (await ask(boss, email="third@acme.example")).problem == "not-yours-to-grant"


@pytest.mark.parametrize("gone", ["disabled", "here"])
async def test_S_05_an_administrator_who_was_disabled_makes_no_room_for_another_first_one(
    house: House, boss: Visitor, app_database: Database, gone: str
) -> None:
    await let_in(house, app_database, "chief@acme.example", "administrator", tenant="acme")
    if gone == "disabled":
        out = "UPDATE app.account SET status = 'disabled' WHERE email = 'chief@acme.example'"
        await change(app_database, Scope.tenant(house.ids["acme"]), out)
    refused = await ask(boss)
    assert (refused.status, UNREAD in refused.json["permissions"]) == (403, True)


async def test_S_05_where_there_is_something_to_be_read_nobody_is_asked_in_first(house: House, boss: Visitor) -> None:
    shop = house.operator.having(await first_key(house.operator, "north/acme/live", ["events:write"]))
    taken = await shop.post("/v1/events", {**ORDER, "id": "1"}, headers={"content-type": CLOUD_EVENT})
    assert taken.status == 202, taken.body
    refused = await ask(boss)
    assert (refused.status, refused.problem) == (403, "not-yours-to-grant")
    assert "operator" in refused.json["detail"]
    assert (await ask(boss, environment="test")).status == 201, "of another environment nothing is there"


async def test_S_05_the_first_administrator_is_nobody_of_the_partners_and_has_a_mailbox(boss: Visitor) -> None:
    own = await ask(boss, email="Boss@North.example")
    assert (own.status, own.json["errors"][0]["pointer"]) == (422, "/email")
    unsent = await ask(boss, mail=False)
    assert (unsent.status, unsent.json["errors"][0]["pointer"]) == (422, "/mail")
    for slug in ("clerk", "viewer"):
        refused = await ask(boss, slug)
        assert (refused.status, refused.problem) == (403, "not-yours-to-grant"), "who lets nobody in is no beginning"


async def test_S_05_who_may_not_let_clients_people_in_asks_no_first_one_in(
    house: House, app_database: Database
) -> None:
    helper = await staff(house, app_database, "helper@north.example", "supporter")
    assert (await helper.send("POST", "/v1/invitations", {"email": "x@acme.example"})).status in {403, 422}
    new = {"slug": "people", "name": "People", "level": "partner", "permissions": ["people:read", "people:write"]}
    boss = await staff(house, app_database, "boss@north.example", "administrator")
    role_id = (await boss.send("POST", "/v1/roles", new)).json["id"]
    who = (await helper.get("/portal/session")).json["account"]["id"]
    assert (await boss.send("PUT", f"/v1/people/{who}/roles", {"roles": [role_id]})).status == 200
    helper = await house.north.signed_in("helper@north.example")
    assert (await ask(helper)).problem == "not-yours-to-grant"
