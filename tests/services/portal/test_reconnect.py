"""A connection is authorised by a link that somebody at a client opens (S-59 to S-61, S-69, S-100, ADR 0086)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
import pytest

from infra import clock, ids
from infra.database import Database, Scope
from infra.egress import Client, Guard
from infra.embedded.stack import Endpoints
from infra.encryption.key_provider import FileKeyProvider
from infra.settings import Settings
from services.connectors.declared import installed
from services.engine.functions import Done, Later
from services.portal.app import create_app
from services.portal.files import Files
from tenants.connections.sealing import Sealer
from tests.asgi import Answer, Caller, running
from tests.services.api.parties import make_key
from tests.services.connectors.authorizing.side import Process
from tests.services.connectors.authorizing.system import CLIENT, SYSTEM, System
from tests.services.connectors.declared.other import SECRET
from tests.services.portal.conftest import complete_settings
from tests.services.portal.visitors import NORTH, House, Visitor, change, cookies_of, make_house

COOKIE = "__Host-reconnect"
ORIGIN = f"http://{NORTH}:8420"
RETURN = "/portal/connectors/sample/return"


class Office(msgspec.Struct, frozen=True):
    """North's portal, acme's connection to its books, and a worker."""

    house: House
    acme: Caller
    system: System
    worker: Process
    connection: str
    database: Database

    @property
    def path(self) -> str:
        return f"/v1/connections/{self.connection}"

    async def link(self, **body: Any) -> str:
        made = await self.acme.post(f"{self.path}/authorization-link", body)
        assert made.status == 201, made.body
        found: str = made.json["link"]
        return found

    async def open(self, link: str, visitor: Visitor | None = None) -> Answer:
        token = {"token": link.partition("#")[2]}
        return await (visitor or self.house.north).send("POST", "/portal/reconnect", token)

    async def leave(self, cookie: str) -> Answer:
        return await self.house.north.send("POST", "/portal/reconnect/leave", cookie=f"{COOKIE}={cookie}")

    async def left(self, link: str | None = None) -> tuple[str, str]:
        """The cookie of a browser that left by a link, and the query that the system sends it back with."""
        opened = await self.open(link or await self.link())
        assert opened.status == 201, opened.body
        left = await self.leave(cookies_of(opened)[COOKIE])
        assert left.status == 201, left.body
        return cookies_of(left)[COOKIE], self.system.consent(left.json["location"])

    async def back(self, cookie: str, query: str, path: str = RETURN, **headers: str) -> Answer:
        sent = {"cookie": f"{COOKIE}={cookie}", "accept": "text/html", "sec_fetch_site": "cross-site", **headers}
        return await self.house.north.get(f"{path}?{query}", origin="", **sent)

    async def shown(self, cookie: str) -> Any:
        return (await self.house.north.get("/portal/reconnect", cookie=f"{COOKIE}={cookie}")).json

    async def change(self, statement: str) -> None:
        await change(self.database, Scope.tenant(self.house.ids["acme"]), statement)


@pytest.fixture
def office_settings(endpoints: Endpoints, tmp_path: Path) -> Settings:
    source = tmp_path / "written" / "sample" / "1.0.0"
    source.mkdir(parents=True)
    (source / "manifest.yaml").write_text(json.dumps(SYSTEM))
    installed.install(source, tmp_path / "connectors", frozenset())
    return complete_settings(endpoints, tmp_path, WAYBILL_CONNECTORS=str(tmp_path / "connectors"))


@pytest.fixture
async def office(
    office_settings: Settings, built: Path, app_database: Database, worker_database: Database
) -> AsyncIterator[Office]:
    app = create_app(office_settings)
    app.inner.files = Files(built)
    async with running(app), System().running() as system, Client(Guard(allow_loopback=True)) as client:
        assert isinstance(system, System)
        house = await make_house(Caller(app), app_database)
        acme = house.north.caller.having(house.keys["acme"])
        settings = {"base_url": f"{system.url}/api", "allow_http": True, "client_id": CLIENT}
        new = {"name": "books", "connector": "sample", "settings": settings, "secrets": {"client_secret": SECRET}}
        made = await acme.post("/v1/connections", new)
        assert made.status == 201, made.body
        sealer = Sealer(FileKeyProvider(office_settings.kek_file))
        connection = ids.read("con", made.json["id"])
        worker = Process(client, worker_database, sealer, house.ids["acme"], connection)
        yield Office(house, acme, system, worker, made.json["id"], app_database)


async def test_S_61_somebody_authorises_a_connection_by_its_link(office: Office) -> None:
    before = (await office.acme.get(f"{office.path}/authorization")).json
    assert (before["state"], before["link"], before["return_addresses"]) == ("none", None, [f"{ORIGIN}{RETURN}"])
    link = await office.link()
    assert link.startswith(f"{ORIGIN}/reconnect#")
    opened = await office.open(link)
    assert (opened.json["client"], opened.json["system"], opened.json["state"]) == ("Acme", "Example Books", "open")
    left = await office.leave(cookies_of(opened)[COOKIE])
    asked = dict(parse_qsl(urlsplit(left.json["location"]).query))
    assert asked["redirect_uri"] == f"{ORIGIN}{RETURN}"
    cookie = cookies_of(left)[COOKIE]
    assert cookie not in left.json["location"]
    came = await office.back(cookie, office.system.consent(left.json["location"]))
    assert (came.status, came.headers["location"]) == (303, "/reconnect")
    assert (await office.shown(cookie))["state"] == "exchanging"
    assert await office.worker.exchanger.round() == 1
    assert (await office.shown(cookie))["state"] == "done"
    assert isinstance(await office.worker.call(), Done)
    after = (await office.acme.get(f"{office.path}/authorization")).json
    assert (after["state"], after["link"]["state"]) == ("held", "done")
    assert "canary" not in repr(after)
    told = [
        (one["action"], one["actor"].partition(":")[0]) for one in (await office.acme.get("/v1/audit")).json["items"]
    ]
    assert told[:2] == [("connection.authorized", "engine"), ("connection.link-made", "key")]
    whole = repr([opened.body, left.body, came, after])
    assert "aybill" not in whole, "the partner's portal is nobody else's"


async def test_S_69_a_link_is_looked_at_by_anybody_and_used_once_by_who_opened_it(office: Office) -> None:
    link = await office.link()
    token = link.partition("#")[2]
    for path in ("/reconnect", "/portal/reconnect", f"/portal/reconnect?token={token}"):
        await office.house.north.get(path)
    first, second = await office.open(link), await office.open(link)
    assert first.status == second.status == 201, "who looks at it, or opens it elsewhere, uses nothing up"
    for cookie in (cookies_of(first)[COOKIE], "", "x", "a" * 70):
        assert (await office.leave(cookie)).problem == "link-over"
    left = await office.leave(cookies_of(second)[COOKIE])
    cookie, query = cookies_of(left)[COOKIE], office.system.consent(left.json["location"])
    await office.back(cookie, query)
    await office.worker.exchanger.round()
    assert (await office.shown(cookie))["state"] == "done"
    assert (await office.open(link)).problem == "link-over"
    assert (await office.leave(cookie)).problem == "link-over"


async def test_S_69_guesses_other_hosts_old_links_and_replaced_ones_open_nothing(office: Office) -> None:
    link = await office.link()
    token = link.partition("#")[2]
    foreign = ids.show("ten", office.house.ids["foreign"]).removeprefix("ten_")
    guesses = ("", "x", token[:-1], f"{token.partition('.')[0]}.{'a' * 43}", f"{foreign}.{token.partition('.')[2]}")
    for guess in guesses:
        assert (await office.open(f"#{guess}")).problem == "link-over"
    assert (await office.open(link, office.house.south)).problem == "link-over"
    newer = await office.link()
    assert (await office.open(link)).problem == "link-over", "a new link takes the place of the one before"
    cookie = cookies_of(await office.open(newer))[COOKIE]
    await office.change("UPDATE app.connection_link SET opened_at = opened_at - interval '16 minutes'")
    assert (await office.leave(cookie)).problem == "link-over"
    await office.change("UPDATE app.connection_link SET expires_at = clock_timestamp()")
    assert (await office.open(newer)).problem == "link-over"
    refused = await office.acme.post(f"{office.path}/authorization-link", {"host": "evil.example"})
    assert refused.status == 422, "it leads to a host of the partner's record and to no other"


async def test_S_60_S_61_what_another_browser_began_or_brought_before_counts_for_nobody(office: Office) -> None:
    cookie, query = await office.left()
    mallory = "".join(("b", cookie[1:]))
    near = f"{cookie[:-1]}{'E' if cookie.endswith('A') else 'A'}"
    for other in ("", mallory, near):
        await office.back(other, query)
    for wrong in (query.replace("state=", "state=x"), query + "&state=x", query.replace("state", "stat")):
        await office.back(cookie, wrong)
    await office.back(cookie, query, path="/portal/connectors/erp-simulator/return")
    refused = await office.back(cookie, query + "&state=x", accept="application/json")
    assert refused.problem == "link-over", "a program is told"
    assert (await office.shown(cookie))["state"] == "left", "none of them uses up what the browser left for"
    assert await office.worker.exchanger.round() == 0
    await office.back(cookie, query)
    await office.back(cookie, query)
    assert await office.worker.exchanger.round() == 1
    await office.back(cookie, query)
    assert await office.worker.exchanger.round() == 0
    assert office.system.codes == {}


async def test_S_60_who_takes_too_long_comes_back_in_vain(office: Office) -> None:
    cookie, query = await office.left()
    await office.change("UPDATE app.connection_link SET moved_at = moved_at - interval '11 minutes'")
    await office.back(cookie, query)
    assert await office.worker.exchanger.round() == 0


async def test_S_61_a_code_is_lost_where_the_settings_change_while_the_browser_is_away(office: Office) -> None:
    cookie, query = await office.left()
    kept = (await office.acme.get(office.path)).json["settings"]
    for name, value in (("base_url", f"{office.system.url}/another"), ("client_id", "another")):
        change = {"settings": {**kept, name: value}, "secrets": {"client_secret": SECRET}}
        changed = await office.acme.send("PATCH", office.path, change)
        assert changed.status == 200, changed.body
        assert (await office.back(cookie, query, accept="application/json")).problem == "link-over"
        assert await office.worker.exchanger.round() == 0
    assert office.system.asked == [], "neither the old server nor the new one is shown the code"
    assert (await office.shown(cookie))["state"] == "left", "it may be tried again"


async def test_S_59_an_answer_of_another_server_is_not_used_and_may_be_tried_again(office: Office) -> None:
    office.system.named = "https://evil.example"
    cookie, query = await office.left()
    await office.back(cookie, query)
    shown = await office.shown(cookie)
    assert (shown["state"], shown["reason"]) == ("refused", "other-issuer")
    assert await office.worker.exchanger.round() == 0
    office.system.named = office.system.url
    left = await office.leave(cookie)
    again, query = cookies_of(left)[COOKIE], office.system.consent(left.json["location"])
    assert again != cookie, "each leaving has a state and a verifier of its own"
    await office.back(again, query)
    assert await office.worker.exchanger.round() == 1
    assert (await office.shown(again))["state"] == "done"


async def test_S_60_who_does_not_allow_it_connects_nothing(office: Office) -> None:
    cookie, query = await office.left()
    state = dict(parse_qsl(query))["state"]
    await office.back(cookie, urlencode({"error": "access_denied", "error_description": "<script>", "state": state}))
    shown = await office.shown(cookie)
    assert (shown["state"], shown["reason"]) == ("refused", "denied")
    assert (await office.acme.get(f"{office.path}/authorization")).json["state"] == "none"


async def test_S_06_nobody_authorises_anything_for_a_client_that_is_suspended(office: Office) -> None:
    link = await office.link()
    north = office.house.north.caller.having(office.house.keys["north"])
    suspended = await north.post("/v1/clients/acme/suspend", {"reason": "unpaid"})
    assert suspended.status == 200, suspended.body
    assert (await office.open(link)).problem == "link-over"


async def test_S_04_S_68_who_only_reads_makes_no_link_and_other_connections_have_none(office: Office) -> None:
    reader = office.house.north.caller.having(await make_key(office.acme, permissions=["connections:read"]))
    assert (await reader.get(f"{office.path}/authorization")).status == 200
    assert (await reader.post(f"{office.path}/authorization-link", {})).status == 403
    assert (await reader.post(f"{office.path}/authorization/remove")).status == 403
    settings = {"base_url": "http://127.0.0.1:9", "allow_http": True}
    new = {"name": "erp", "connector": "erp-simulator", "settings": settings, "secrets": {"token": "t" * 12}}
    erp = (await office.acme.post("/v1/connections", new)).json["id"]
    refused = await office.acme.post(f"/v1/connections/{erp}/authorization-link", {})
    assert (refused.status, refused.problem) == (409, "not-by-link")
    await office.acme.post(f"{office.path}/disable")
    assert (await office.acme.post(f"{office.path}/authorization-link", {})).problem == "not-by-link"


async def test_S_61_what_was_authorised_is_removed_and_nothing_under_way_brings_it_back(office: Office) -> None:
    cookie, query = await office.left()
    await office.back(cookie, query)
    await office.change("UPDATE app.connection_health SET due_at = clock_timestamp() + interval '1 hour'")
    assert await office.worker.exchanger.round() == 1
    (one,) = (await office.acme.get("/v1/connection-health")).json["items"]
    assert (one["name"], one["authorization"], one["certification"]) == ("books", "held", "not certified")
    assert datetime.fromisoformat(one["next_check_at"]) <= clock.now(), "it is checked as soon as it is authorised"
    again, query = await office.left()
    await office.back(again, query)
    removed = await office.acme.post(f"{office.path}/authorization/remove")
    assert (removed.status, removed.json["state"], removed.json["reason"]) == (200, "ended", "withdrawn")
    assert removed.json["link"]["state"] == "refused"
    assert await office.worker.exchanger.round() == 0, "a code that was on its way is nobody's any more"
    answer = await office.worker.call()
    assert isinstance(answer, Later)
    assert "withdrawn" in answer.reason
    assert (await office.house.north.get("/portal/reconnect", cookie=f"{COOKIE}={again}")).problem == "link-over"
    assert (await office.acme.post(f"{office.path}/authorization/remove")).status == 200
    told = (await office.acme.get("/v1/audit?action=connection.authorization-withdrawn")).json["items"]
    assert [one["after"] for one in told] == [{"authorization": True, "link": True}]
