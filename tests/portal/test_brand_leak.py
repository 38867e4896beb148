"""Row 5 of the features: nothing that a partner's client sees names the product, the operator or another partner.

Two partners are crawled on their own hosts: pages with all that they load, the API with every route and every problem,
its documents and viewer, directories, tokens, second factors, passkeys, files, exports and certificates; mail and
webhooks as they arrive; what is answered to incoming ones. What the operator sees alone is in `FOR_THE_OPERATOR`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest

from infra import ids
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from services.api.policy import POLICY
from services.api.routes.documentation import FOLDER as VIEWER
from services.api.routes.documentation import TYPES as VIEWER_FILES
from services.api.routes.problems import known
from services.portal.app import create_app
from services.portal.files import FOLDER
from services.portal.routes import HANDLERS
from tenants.identity.permissions import ALLOWED
from tenants.identity.permissions import Scope as KeyScope
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tests.asgi import Caller, running
from tests.patience import PATIENCE
from tests.portal.exchanges import files, incoming, provisioned
from tests.portal.going_out import mails, outbound, webhooks
from tests.portal.leaks import Crawl
from tests.portal.side import CAST, OPERATOR, PRODUCT, Side
from tests.services.api.parties import first_key, id_of
from tests.services.archives.olden import Olden
from tests.services.engine.running import at_work
from tests.services.portal.conftest import complete_settings
from tests.services.portal.visitors import make_house
from tests.services.webhooks.receiver import receiving

DOCUMENT = """
document: {dsl: 1.0.3, namespace: acme, name: crawl, version: 1.0.0}
schedule: {on: {one: {with: {type: order.captured}}}}
do:
- note: {set: {seen: true}}
- away:
    call: http
    with: {method: get, endpoint: "http://127.0.0.1:9/nothing"}
"""
FOR_THE_OPERATOR = re.compile(r"/v1/(operator|partners)(/.*)?|/health/.*")
"""Routes that give nobody but the operator more than that they are not theirs; they are crawled all the same."""
EMPTY: dict[str, str] = {}
LEAST = {
    "page": 3, "asset": 10, "portal route": 20, "route as the client": 150, "route as the person": 150,
    "route as nobody": 150, "problem type": 60, "document": 2, "viewer": 5, "token": 3, "directory": 6,
    "second factor": 1, "passkey": 1, "cookie": 1, "key": 1, "export": 1, "certificate": 1, "outbound call": 1,
    "run": 4, "webhook": 1, "webhook's log": 1, "mail": 15, "incoming webhook": 6, "file": 4, "archive": 2,
    "token refused": 2, "provisioning": 8,
}  # fmt: skip
"""Surfaces of each kind at least; below, a part of the crawl has lost its way."""


@pytest.fixture
async def caller(endpoints: Endpoints, tmp_path: Path) -> AsyncIterator[Caller]:
    """The application as a server runs it, with the pages that were built."""
    assert (FOLDER / "index.html").exists(), "`make portal` builds the pages"
    assert (VIEWER / "index.html").exists(), "`make viewer` builds the API's pages"
    hosts = f"api.{OPERATOR}.example,127.0.0.1"
    app = create_app(
        complete_settings(
            endpoints,
            tmp_path,
            WAYBILL_API_HOSTS=hosts,
            WAYBILL_EGRESS_LOOPBACK="true",
            WAYBILL_ARCHIVE_FOLDER=str(tmp_path / "archives"),
        )
    )
    async with running(app):
        yield Caller(app)


@pytest.fixture
def olden(
    app_database: Database, worker_database: Database, stack: Stack, endpoints: Endpoints, tmp_path: Path
) -> Olden:
    return Olden(app_database, worker_database, (stack, endpoints), tmp_path / "archives")


@pytest.fixture
async def sides(caller: Caller, app_database: Database) -> list[Side]:
    house = await make_house(caller, app_database, CAST)
    made = []
    for place, (partner, _, client, _) in enumerate(CAST):
        async with app_database.session(Scope.operator()) as session:
            row = await organizations.find_partner(session, partner)
            await branding.add_host(session, row, f"api.{partner}.example", actor="test", use="api")
            await session.commit()
        above = caller.having(house.keys[partner])
        every = ALLOWED[KeyScope.CLIENT]
        house.keys[f"{partner}:client"] = await first_key(caller, f"{partner}/{client}/live", every)
        shown = (await above.get(f"/v1/clients/{client}")).json
        tenant = next(one["id"] for one in shown["tenants"] if one["environment"] == "live")
        house.ids[f"{partner}:tenant"] = ids.read("ten", tenant)
        other = CAST[1 - place]
        crawl = Crawl(PRODUCT, OPERATOR, other[0], other[1])
        made.append(Side(crawl, house, place))
    return made


async def test_row_5_no_surface_of_a_partner_names_the_product_the_operator_or_another_partner(
    sides: list[Side], app_database: Database, worker_database: Database, olden: Olden, tmp_path: Path
) -> None:
    async with receiving() as receiver:
        async with at_work(app_database, worker_database):
            for side in sides:
                await work(side, f"http://127.0.0.1:{receiver.port}/{side.partner}")
        for side in sides:
            await webhooks(side, receiver, worker_database, tmp_path / "kek")
            # Before anything comes in that begins another run.
            await files(side, olden)
    for side in sides:
        await incoming(side)
        await provisioned(side)
        await mails(side, app_database, worker_database, tmp_path / "kek")
        await pages(side)
        await documents(side)
        await tokens(side)
        await people(side)
        await routes(side)
        await leaving(side)
        await outbound(side)
    for side in sides:
        assert side.crawl.hits == [], side.partner
        few = {kind: side.crawl.seen[kind] for kind, least in LEAST.items() if side.crawl.seen[kind] < least}
        assert few == {}, f"{side.partner} was not crawled whole"


async def test_row_5_the_crawl_finds_a_name_wherever_it_stands() -> None:
    planted = (
        b"x Waybill x",
        b"GANTRYWORKS",
        b"https%3A%2F%2Fsummitry.example",
        b"eyJhIjoxfQ.eyJpc3MiOiJ3YXliaWxsIn0.x",
    )
    for content in planted:
        crawl = Crawl(PRODUCT, OPERATOR, "summitry")
        crawl.look("page", "here", content)
        assert len(crawl.hits) >= 1, content


async def work(side: Side, receiver: str) -> None:
    """A connection, a workflow, and a run that fails: what is told of them is crawled with the routes."""
    settings = {"base_url": "http://127.0.0.1:9", "allow_http": True}
    hook = {"url": receiver, "types": ["*"], "description": "Orders"}
    side.known["endpoint"] = (await side.caller("webhook's log").post("/v1/webhook-endpoints", hook)).json["id"]
    shop = {"name": "shop", "connector": "http", "settings": settings}
    side.known["connection"] = (await side.call("POST", "/v1/connections", side.key, shop)).json["id"]
    made = await side.call("POST", "/v1/workflows", side.key, {"document": DOCUMENT})
    side.known["workflow"] = made.json["id"]
    new = {"name": "crawl", "workflow": made.json["id"]}
    side.known["deployment"] = (await side.call("POST", "/v1/deployments", side.key, new)).json["id"]
    event = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.captured", "data": {"order": 1}}
    sent = await side.call(
        "POST", "/v1/events", side.key, raw=msgspec.json.encode(event),
        headers={"content-type": "application/cloudevents+json"},
    )  # fmt: skip
    side.known |= {"event": sent.json["id"], "run": sent.json["runs"][0]}
    async with asyncio.timeout(PATIENCE):
        while True:
            run = await side.call("GET", f"/v1/runs/{side.known['run']}", side.key)
            if run.json["state"] in {"completed", "faulted"}:
                break
            await asyncio.sleep(0.1)
    for path in ("", "/journal", "/lifecycle", "/workflow", "/effects"):
        side.crawl.answer("run", path, await side.call("GET", f"/v1/runs/{side.known['run']}{path}", side.key))
    found = (await side.call("GET", "/v1/exceptions", side.key)).json["items"]
    side.known |= {"exception": found[0]["id"]} if found else {}


async def pages(side: Side) -> None:
    """Every file that was built, with the maps that its scripts might have, and the portal's own routes."""
    signed_in = await side.visitor.signed_in()
    for path in ("/", "/runs", "/sign-in", "/no/such/page", "/robots.txt", "/x/../y"):
        side.crawl.answer("page", path, await signed_in.get(path))
    for file in sorted(FOLDER.rglob("*")):
        if file.is_file() and not file.name.startswith("."):
            path = "/" + file.relative_to(FOLDER).as_posix()
            for served in (path, f"{path}.map"):
                side.crawl.answer("asset", served, await side.visitor.get(served))
            # Also where a server in front would hand out the folder itself.
            side.crawl.look("asset", file.name, file.read_bytes())
    for handler in HANDLERS:
        for template in handler.paths:
            for method in sorted(handler.http_methods):
                if (method, template) in {("DELETE", "/portal/session"), ("POST", "/portal/password")}:
                    continue
                for visitor in (side.visitor, signed_in):
                    body = EMPTY if method in {"POST", "PUT", "PATCH"} else None
                    told = await visitor.send(method, side.path(template), body)
                    side.crawl.answer("portal route", f"{method} {template}", told)


async def documents(side: Side) -> None:
    for path in ("/v1/openapi.json", "/v1/asyncapi.json"):
        answer = side.crawl.answer("document", path, await side.call("GET", path))
        assert answer.status == 200, path
        side.crawl.answer("document", path, await side.visitor.get(path))
    for path in ("/docs", *(f"/docs/{name}" for name in VIEWER_FILES if name != "index.html")):
        answer = side.crawl.answer("viewer", path, await side.call("GET", path))
        assert answer.status == 200, path
    for name in known():
        for accept in ("application/json", "text/html"):
            told = await side.call("GET", f"/problems/{name}", headers={"accept": accept})
            side.crawl.answer("problem type", f"{name} as {accept}", told)
            side.crawl.answer("problem type", name, await side.visitor.get(f"/problems/{name}", accept=accept))


async def tokens(side: Side) -> None:
    """Keys, tokens and who issues them."""
    side.crawl.look("key", "its text", side.key)
    me = await side.call("GET", "/v1/me", side.key)
    form = {
        "grant_type": "client_credentials",
        "client_id": await id_of(side.visitor.caller.having(side.key)),
        "client_secret": side.key,
    }
    kind = {"content-type": "application/x-www-form-urlencoded"}
    got = await side.call("POST", "/v1/oauth/token", raw=urlencode(form).encode(), headers=kind)
    assert (me.status, got.status) == (200, 200), got.body
    side.crawl.answer("token", "answer", got)
    side.crawl.look("token", "claims", got.json["access_token"])
    side.crawl.answer("token", "metadata", await side.call("GET", "/.well-known/oauth-authorization-server"))
    for changed in ({"client_secret": "x" * 40}, {"grant_type": "password"}):
        raw = urlencode(form | changed).encode()
        refused = await side.call("POST", "/v1/oauth/token", raw=raw, headers=kind)
        side.crawl.answer("token refused", str(refused.status), refused)
    side.crawl.answer("certificate", "its key", await side.call("GET", "/v1/certificate-key"))


async def people(side: Side) -> None:
    """Who signs in: the cookie, the issuer that an authenticator app shows, the relying party of a passkey."""
    entered = side.crawl.answer("cookie", "signing in", await side.visitor.sign_in())
    assert "set-cookie" in entered.headers
    person = await side.visitor.signed_in()
    factor = side.crawl.answer("second factor", "uri", await person.send("POST", "/portal/second-factor", {}))
    assert factor.json["uri"].startswith(f"otpauth://totp/{side.partner.title()}%20Portal"), factor.body
    asked = side.crawl.answer("passkey", "options", await person.send("POST", "/portal/passkeys/ask", {}))
    assert asked.json["options"]["rp"] == {"id": side.host, "name": f"{side.partner.title()} Portal"}, asked.body
    for path in ("ServiceProviderConfig", "ResourceTypes", "Schemas", "Users", "Users/acc_x", "Groups"):
        side.crawl.answer("directory", path, await side.call("GET", f"/scim/v2/{path}", side.key))


async def routes(side: Side) -> None:
    """Every route of the API, with what it answers the client, a person of it, and nobody."""
    person = await side.visitor.signed_in()
    for number, (method, template) in enumerate(sorted(POLICY)):
        if template.startswith("/docs"):
            continue
        path, body = side.path(template), EMPTY if method in {"POST", "PUT", "PATCH"} else None
        where = f"{method} {template}"
        side.crawl.answer("route as the client", where, await side.call(method, path, side.key, body))
        # Each time from elsewhere: a network that goes on guessing is slowed down.
        address = f"198.51.{number // 200}.{number % 200}"
        side.crawl.answer("route as nobody", where, await side.call(method, path, None, body, address=address))
        if not template.startswith(("/scim", "/.well-known", "/health", "/v1/oauth")):
            told = await person.send(method, path, body)
            kind = "route as the person"
            of_operator = ", the operator's" if FOR_THE_OPERATOR.fullmatch(template) else ""
            side.crawl.answer(f"{kind}{of_operator}", where, told)


async def leaving(side: Side) -> None:
    """All that a client has, as it takes it along; and what says that nothing of it is left."""
    export = side.crawl.answer("export", "everything", await side.call("GET", "/v1/export", side.key))
    assert export.status == 200, export.body
    above = side.partners_key
    suspended = await side.call("POST", "/v1/clients/acme/suspend", above, {"reason": "leaves"})
    assert suspended.status == 200, suspended.body
    client = (await side.call("GET", "/v1/clients/acme", above)).json["id"]
    shown = await side.call("POST", "/v1/clients/acme/delete", above, {"preview": True})
    asked = {"token": shown.json["token"], "reason": "leaves"}
    done = side.crawl.answer("certificate", "asked", await side.call("POST", "/v1/clients/acme/delete", above, asked))
    assert done.status == 200, done.body
    told = await side.call("GET", f"/v1/clients/{client}/certificate", above)
    side.crawl.answer("certificate", "statement", told)
