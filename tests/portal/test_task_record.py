"""Beside the form of a task stand the record that it is about and what happened to that; only for who may read it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from services.cli.running import Portal
from tests.marks import night
from tests.patience import PATIENCE
from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, Person, person
from tests.portal.site import Site
from tests.portal.test_inbox import DOCUMENT, FORM
from tests.portal.test_inbox_many import begin
from tests.portal.test_orders import MAPPING

RECORD = (
    '{number: .no, state: .status, ordered_at: "2026-01-15T09:00:00Z", customer: {id: "ACME-001",'
    ' name: "Acme Wholesale"}, requested_ship_date: "2026-01-19", currency: .currency,'
    ' lines: [{line: "1", item: {id: "SKU-1"}, quantity: {value: "2", unit: "EA"},'
    ' unit_price: {amount: 500, currency: "USD", per: {value: "1", unit: "EA"}}}]}'
)
_ROLE = """
INSERT INTO app.role (role_id, partner_id, tenant_id, level, slug, name, permissions)
SELECT app.new_id(), partner_id, tenant_id, 'client', $1, 'Page', $2 FROM app.account WHERE email = $3
"""
_WORKS = ["tasks:work", "runs:read", "payloads:read"]
READS = [*_WORKS, "records:read", "events:read"]
_FAILED = '{"type":"/problems/internal","title":"Internal error","status":500,"detail":"","request_id":"a1b2c3d4"}'


async def ask(site: Site, method: str, path: str, body: Any, **headers: str) -> Any:
    answer = await site.request(method, path, body, headers=headers)
    assert answer.status < 300, answer.body
    return msgspec.json.decode(answer.body)


async def tell(site: Site, kind: str, order: str) -> None:
    """A shop tells of the order."""
    of = {"system": f"shop-{kind}", "events": {f"shop.{kind}": None}, "program": RECORD}
    mapping: dict[str, Any] = {**MAPPING, **of}
    at, example = f"/v1/mappings/shop-{kind}", mapping["examples"][0]
    await ask(site, "PUT", at, {"mapping": mapping})
    tried = await ask(site, "POST", f"{at}/try", {"data": example["data"]})
    mapping["examples"] = [{**example, "record": tried["outcomes"][0]["record"]}]
    made = await ask(site, "PUT", at, {"mapping": mapping})
    await ask(site, "POST", f"{at}/release", {"version": made["version"]})
    event = {"specversion": "1.0", "id": f"shop-{order}", "source": "/shop", "type": f"shop.{kind}"}
    data = {"no": order, "status": "new", "currency": "USD"}
    told = {**event, "time": "2026-01-15T09:01:00Z", "data": data}
    await ask(site, "POST", "/v1/events", told, **{"content-type": FORM})


async def make_role(site: Site, kind: str, permissions: list[str]) -> tuple[Portal, str]:
    """Somebody whose role has these permissions and no others."""
    role = f"page-{kind}"
    first = await staff(site, f"first-{kind}@harbor.example", name="Zoe Zero", of_client=True, role="clerk")
    await site.query(_ROLE, role, permissions, first.email)
    email = f"{kind}@harbor.example"
    return await staff(site, email, name="Rita Record", of_client=True, role=role), role


async def asked(site: Site, kind: str, permissions: list[str] | None = None) -> tuple[Portal, str]:
    """Somebody whose role has these permissions, else a clerk, and the order that their task is about."""
    order, role = f"SO-{kind}", "clerk"
    if permissions is None:
        somebody = await staff(site, f"{kind}@harbor.example", name="Rita Record", of_client=True, role=role)
    else:
        somebody, role = await make_role(site, kind, permissions)
    await begin(site, kind, DOCUMENT.replace("role: clerk", f"role: {role}"), (order,))
    return somebody, order


async def top(found: Locator) -> float:
    box = await found.bounding_box()
    assert box is not None
    return box["y"]


async def known(site: Site, order: str) -> str:
    """Its record, once what was told is taken in."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await site.request("GET", f"/v1/entities?kind=sales-order&value={order}")
            if items := msgspec.json.decode(answer.body)["items"]:
                return str(items[0]["id"])
            await asyncio.sleep(0.2)


async def status(page: Page, path: str) -> int:
    return int(await page.evaluate("async path => (await fetch(path)).status", path))


async def look_beside(someone: Person, order: str) -> None:
    """Form and record are side by side, and what happened is open."""
    page = someone.page
    form, record = page.get_by_label("Days to pay"), page.get_by_role("region", name=f"Sales order {order}")
    left, right = await form.bounding_box(), await record.bounding_box()
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    assert right["y"] < left["y"] + 400
    await expect(page.get_by_text("says: Captured")).to_be_visible()


async def look_below(someone: Person, order: str) -> None:
    """The form comes before the record, and what happened is folded until somebody wants it."""
    page = someone.page
    headings = [page.get_by_role("heading", name=one, exact=True) for one in ("Your decision", f"Sales order {order}")]
    places = [await top(one) for one in (*headings, page.get_by_text("What happened", exact=True))]
    assert places == sorted(places), places
    await expect(page.get_by_text("says: Captured")).to_be_hidden()
    await page.get_by_text("What happened", exact=True).click()
    await expect(page.get_by_text("says: Captured")).to_be_visible()


@pytest.mark.parametrize("size", [DESK, night(PHONE)], ids=["desk", "phone"])
async def test_the_record_and_what_happened_to_it_stand_beside_the_form(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    kind = "desk" if size == DESK else "phone"
    somebody, order = await asked(site, f"record-{kind}", READS)
    async with person(browser, site, somebody, size=size) as someone:
        page = someone.page
        await someone.sign_in("/inbox", heading="Inbox")
        await page.get_by_role("link", name=f"Release order {order}", exact=True).click()
        await expect(page.get_by_text("No system has told of it yet.")).to_be_visible()
        await look(someone, f"task-record-unknown-{kind}")
        await page.get_by_label("Days to pay").fill("21")
        await tell(site, kind, order)
        record = page.get_by_role("region", name=f"Sales order {order}")
        await expect(record).to_contain_text("Acme Wholesale (ACME-001)")
        await expect(record).to_contain_text("$5.00 / 1 EA")
        await expect(record).to_contain_text("Jan 19, 2026")
        # What comes in beside it takes nothing from what is filled in.
        await expect(page.get_by_label("Days to pay")).to_have_value("21")
        await (look_beside if size == DESK else look_below)(someone, order)
        await look(someone, f"task-record-{kind}")
        await someone.shoot(f"task-record-whole-{kind}", whole=True)


async def test_who_may_read_no_records_is_shown_none_and_asks_for_none(browser: Browser, site: Site) -> None:
    somebody, order = await asked(site, "blind", _WORKS)
    await tell(site, "blind", order)
    entity = await known(site, order)
    heard: list[str] = []
    async with person(browser, site, somebody) as someone:
        page = someone.page
        page.on("request", lambda request: heard.append(request.url))
        await someone.sign_in("/inbox", heading="Inbox")
        await page.get_by_role("link", name=f"Release order {order}", exact=True).click()
        await expect(page.get_by_role("button", name="Release", exact=True)).to_be_visible()
        await expect(page.get_by_role("region", name=f"Sales order {order}")).to_have_count(0)
        await expect(page.get_by_text("What happened", exact=True)).to_have_count(0)
        assert not [one for one in heard if "/v1/entities" in one]
        at = f"/v1/entities/{entity}"
        assert [await status(page, at + rest) for rest in ("", "/record", "/timeline")] == [403, 403, 403]
        # The browser tells of answers that refuse; those were asked for here.
        someone.complaints.clear()
        await look(someone, "task-record-blind")


async def test_what_is_private_stays_hidden_in_the_record_as_well(browser: Browser, site: Site) -> None:
    """A clerk sees payloads masked; and nobody of another client is told that there is such an order."""
    clerk, order = await asked(site, "masked")
    await tell(site, "masked", order)
    async with person(browser, site, clerk) as someone:
        page = someone.page
        await someone.sign_in("/inbox", heading="Inbox")
        await page.get_by_role("link", name=f"Release order {order}", exact=True).click()
        record = page.get_by_role("region", name=f"Sales order {order}")
        await expect(record.get_by_text("Hidden").first).to_be_visible()
        await expect(page.get_by_text("Acme Wholesale (ACME-001)")).to_have_count(0)
        await expect(page.get_by_text("says: Captured")).to_be_visible()
        await look(someone, "task-record-masked")
    entity = await known(site, order)
    other = await staff(site, "masked@summit.example", site.summit, name="Sara Summit", of_client=True)
    async with person(browser, site, other) as someone:
        await someone.sign_in()
        at = f"/v1/entities/{entity}"
        assert [await status(someone.page, at + rest) for rest in ("", "/record", "/timeline")] == [404, 404, 404]
        someone.complaints.clear()


async def test_a_record_that_does_not_load_says_so_and_is_asked_for_again(browser: Browser, site: Site) -> None:
    """The failure is made here: a defect of the server cannot be ordered from the real one."""
    somebody, order = await asked(site, "failing", READS)
    await tell(site, "failing", order)
    released = asyncio.Event()

    async def fail(route: Route) -> None:
        await released.wait()
        await route.fulfill(status=500, body=_FAILED, content_type="application/problem+json")

    async with person(browser, site, somebody, language="es-ES") as someone:
        page = someone.page
        await page.route("**/v1/entities/*/record", fail)
        await page.route("**/v1/entities/*/timeline*", fail)
        await someone.open("/inbox")
        await page.get_by_label("Correo electrónico").fill(somebody.email)
        await page.get_by_role("textbox", name="Contraseña").fill(somebody.password)
        await page.get_by_role("button", name="Iniciar sesión", exact=True).click()
        await page.get_by_role("link", name=f"Release order {order}", exact=True).click()
        record = page.get_by_role("region", name=f"Sales order {order}")
        await expect(record.locator("[aria-busy=true]")).to_be_visible()
        released.set()
        await expect(record.get_by_text("No se ha cargado lo que dicen los sistemas.")).to_be_visible()
        await expect(page.get_by_text("No se ha cargado lo que ocurrió.")).to_be_visible()
        await expect(page.get_by_role("button", name="Release", exact=True)).to_be_enabled()
        await look(someone, "task-record-failed")
        await page.unroute("**/v1/entities/*/record")
        await page.unroute("**/v1/entities/*/timeline*")
        await record.get_by_role("button").click()
        await expect(record).to_contain_text("Precio unitario")
        await expect(page.get_by_text("shop-failing dice: Captado")).to_be_visible()
        await look(someone, "task-record-es")
        someone.complaints.clear()
