"""Orders on the pages: what systems told of one, what it set going, and what people did, in order."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.marks import night
from tests.patience import PATIENCE
from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, Person, person
from tests.portal.site import Site

LONG = "SO-" + "a-number-that-some-other-system-made-for-ever-" * 4 + "1"
MAPPING: dict[str, Any] = {
    "record": "sales-order",
    "system": "shop",
    "events": {"shop.order": None},
    "program": '{number: .no, state: .status, ordered_at: "2026-01-15T09:00:00Z", customer: {id: "ACME"},'
    ' currency: .currency, lines: [{line: "1", item: {id: "SKU-1"}, quantity: {value: "2", unit: "EA"},'
    ' unit_price: {amount: 500, currency: "USD", per: {value: "1", unit: "EA"}}}]}',
    "tell": "{number, customer: .customer.id, currency, lines: [.lines[] | {item: .item.id, quantity: .quantity.value,"
    " unit_price: {amount: .unit_price.amount, currency: .unit_price.currency}}]}",
    "statuses": {
        "statuses": ["new", "sent", "void"],
        "states": {"new": "captured", "sent": "shipped", "void": "cancelled"},
    },
    "leads": ["currency"],
    "examples": [{"name": "nothing", "data": {"no": "SO-1", "status": "new", "currency": "USD"}, "record": None}],
}
SHIPMENT: dict[str, Any] = {
    "record": "shipment",
    "system": "shop",
    "events": {"shop.sent": "shipment.dispatched"},
    "program": '{number: "SH-7", status: "dispatched", orders: [{number: .no}],'
    ' lines: [{line: "1", item: {id: "SKU-1"}, quantity: {value: "2", unit: "EA"}}]}',
    "examples": [{"name": "nothing", "data": {"no": "SO-1"}, "record": None}],
}
ASKING = """
document: {dsl: 1.0.3, namespace: tests, name: asking-of-orders, version: 1.0.0}
schedule: {on: {one: {with: {type: order.asked}}}}
do:
  - review:
      call: human-task:1.0.0@default
      with:
        task: credit-review
        title: Release order SO-77
        role: administrator
        about: {kind: sales-order, key: SO-77}
        outcomes: [release, keep-on-hold]
"""
_ASK = """async ([method, path, body]) => {
  const type = path === "/v1/events" ? "application/cloudevents+json" : "application/json";
  const sent = typeof body === "string" ? body : body && JSON.stringify(body);
  const answer = await fetch(path, { method, body: sent, headers: { "content-type": type } });
  return [answer.status, await answer.json()];
}"""


_REMOVE = """async path => (await fetch(path, { method: "POST", body: '{"reason": "of another order"}',
  headers: { "content-type": "application/json" } })).status"""


async def ask(page: Page, method: str, path: str, body: Any = None) -> Any:
    status, answer = await page.evaluate(_ASK, [method, path, body])
    assert status < 300, answer
    return answer


async def use(page: Page, name: str, mapping: dict[str, Any]) -> None:
    """Release a mapping whose example is what it makes of it."""
    at = f"/v1/mappings/{name}"
    await ask(page, "PUT", at, {"mapping": mapping})
    tried = await ask(page, "POST", f"{at}/try", {"data": mapping["examples"][0]["data"]})
    example = {**mapping["examples"][0], "record": tried["outcomes"][0]["record"]}
    made = await ask(page, "PUT", at, {"mapping": {**mapping, "examples": [example]}})
    await ask(page, "POST", f"{at}/release", {"version": made["version"]})


async def tell(page: Page, number: int, kind: str, **data: Any) -> None:
    event = {"specversion": "1.0", "id": f"orders-{number}", "source": "/shop", "type": kind}
    told = {"currency": "USD", **data}
    await ask(page, "POST", "/v1/events", {**event, "time": f"2026-01-15T09:{number:02}:00Z", "data": told})


async def fill(page: Page) -> None:
    """An order that was shipped, said to be new again by another system, and released by a workflow meanwhile."""
    await use(page, "shop-orders", MAPPING)
    erp = {**MAPPING, "system": "erp", "events": {"erp.order": None}, "leads": []}
    await use(page, "erp-orders", erp)
    await use(page, "shop-shipments", SHIPMENT)
    await tell(page, 1, "shop.order", no="SO-77", status="new")
    await tell(page, 2, "shop.order", no=LONG, status="new")


async def add(page: Page, home: str, name: str, content: str, kept: str = "standard") -> str:
    """Answers the document's id."""
    query = urlencode({"name": name, "document_class": kept})
    made = await ask(page, "POST", f"/v1/{home}/documents?{query}", content)
    return str(made["id"])


async def fill_files(page: Page, site: Site) -> None:
    """One that was signed, one that was found harmful, one of the run alone, and one that somebody took away."""
    order = (await ask(page, "GET", "/v1/entities?kind=sales-order&value=SO-77"))["items"][0]["id"]
    lines = (await ask(page, "GET", f"/v1/entities/{order}/timeline"))["items"]
    run = next(one["run"] for one in lines if one["what"] == "began")
    gone = await add(page, f"entities/{order}", "of another order.pdf", "%PDF-1.7 gone")
    await page.evaluate(_REMOVE, f"/v1/entities/{order}/documents/{gone}/remove")
    await add(page, f"runs/{run}", "pick list.csv", "line;quantity")
    await add(page, f"entities/{order}", f"{LONG}.pdf", "%PDF-1.7 bad", "financial")
    await site.query("UPDATE app.document SET state = 'infected' WHERE name LIKE '%for-ever-1.pdf'")
    await add(page, f"entities/{order}", "Proof of delivery 4711.pdf", "%PDF-1.7 signed", "proof")


async def look_at_files(someone: Person, kind: str) -> None:
    page = someone.page
    files = page.get_by_role("region", name="Documents")
    await expect(files.get_by_role("link", name="Proof of delivery 4711.pdf")).to_be_visible()
    await expect(files.get_by_text("Found to be harmful")).to_be_visible()
    await expect(files.get_by_role("listitem")).to_have_count(2)
    await expect(page.get_by_text("Document added: pick list.csv")).to_be_visible()
    await expect(page.get_by_text("A document was added")).to_be_visible()
    await expect(page.get_by_text("A document was removed")).to_be_visible()
    await expect(page.get_by_text("“of another order”")).to_be_visible()
    async with page.expect_download() as saving:
        await files.get_by_role("link", name="Proof of delivery 4711.pdf").click()
    saved = await saving.value
    assert (saved.suggested_filename, (await saved.path()).read_bytes()) == (
        "Proof of delivery 4711.pdf", b"%PDF-1.7 signed",
    )  # fmt: skip
    await look(someone, f"order-documents-{kind}")


async def decide(page: Page) -> None:
    """The order is held twice, of which one is cleared; and a run asks about it, which somebody answers."""
    held = {"order": "SO-77", "customer": "C-1", "type": "stock"}
    await ask(page, "POST", "/v1/holds", {**held, "reason": "short", "words": "Two pallets short"})
    gone = (await ask(page, "POST", "/v1/holds", {**held, "reason": "damaged"}))["hold"]["id"]
    await ask(page, "POST", f"/v1/holds/{gone}/clear", {"why": "Found in the other aisle", "seen": 1})
    workflow = await ask(page, "POST", "/v1/workflows", {"document": ASKING})
    await ask(page, "POST", "/v1/deployments", {"name": "asking-of-orders", "workflow": workflow["id"]})
    await tell(page, 20, "order.asked")
    tasks: list[Any] = []
    async with asyncio.timeout(PATIENCE):
        while not tasks:
            await asyncio.sleep(0.2)
            tasks = (await ask(page, "GET", "/v1/tasks"))["items"]
    answer = {"outcome": "release", "why": "They paid this morning"}
    await ask(page, "POST", f"/v1/tasks/{tasks[0]['id']}/complete", answer)


async def link(page: Page) -> None:
    entity = (await ask(page, "GET", "/v1/entities?kind=sales-order&value=SO-77"))["items"][0]["id"]
    await ask(page, "POST", f"/v1/entities/{entity}/keys", {"system": "erp", "value": "4500017"})
    await tell(page, 10, "shop.sent", no="SO-77")
    await tell(page, 11, "shop.order", no="SO-77", status="sent")
    await tell(page, 12, "erp.order", no="4500017", status="void", currency="EUR")


@pytest.mark.parametrize("size", [night(DESK), PHONE], ids=["desk", "phone"])
async def test_what_happened_to_an_order_is_read_in_order(browser: Browser, site: Site, size: tuple[int, int]) -> None:
    kind = "phone" if size == PHONE else "desk"
    portal = site.summit if size == PHONE else site.harbor
    boss = await staff(site, f"olga-{kind}@{portal.partner_slug}.example", portal, name="Olga Orders", of_client=True)
    async with person(browser, site, boss, size=size) as someone:
        page = someone.page
        await someone.sign_in()
        await page.get_by_role("link", name="Orders").click()
        await someone.heading("Orders").wait_for()
        await expect(page.get_by_text("No orders yet")).to_be_visible()
        await look(someone, f"orders-empty-{kind}")
        await fill(page)
        await expect(page.get_by_role("link", name="SO-77", exact=True)).to_be_visible()
        await expect(page.get_by_role("link", name=LONG)).to_be_visible()
        await link(page)
        await decide(page)
        await look(someone, f"orders-{kind}")
        await page.get_by_role("link", name=LONG).click()
        await expect(page.get_by_text("shop says: Captured")).to_be_visible()
        await look(someone, f"order-long-{kind}")
        await page.go_back()
        await page.get_by_label("Number in any system").fill("4500017")
        await page.get_by_role("button", name="Find").click()
        await page.get_by_role("link", name="SO-77", exact=True).click()
        await expect(page.get_by_text("shop told of shipment SH-7")).to_be_visible()
        await expect(page.get_by_text("shop says: Shipped")).to_be_visible()
        await expect(page.get_by_text("Held: Short in stock (short)")).to_be_visible()
        await expect(page.get_by_text("No longer held: Short in stock (damaged)")).to_be_visible()
        await expect(page.get_by_text("Asked of administrator: Release order SO-77")).to_be_visible()
        await expect(page.get_by_text("Release order SO-77: release", exact=True)).to_be_visible()
        await expect(page.get_by_text("“They paid this morning”")).to_be_visible()
        await expect(page.get_by_role("link", name="Open the task")).to_have_count(2)
        await expect(page.get_by_text("does not become cancelled")).to_be_visible()
        await expect(page.get_by_text("Systems differ in 1 place")).to_be_visible()
        await expect(page.get_by_text("Linked with erp:4500017")).to_be_visible()
        await expect(page.get_by_text("Order release: the run ended")).to_be_visible()
        titles = await page.locator("[data-what=told]").all_inner_texts()
        assert [re.split(r"\n", one)[0] for one in titles if "says" in one or "told" in one][:3] == [
            "shop says: Captured",
            "shop told of shipment SH-7",
            "shop says: Shipped",
        ]
        await expect(page.get_by_text("None yet. They are added over the API")).to_be_visible()
        await look(someone, f"order-{kind}")
        await page.get_by_text("Asked of administrator: Release order SO-77").scroll_into_view_if_needed()
        await look(someone, f"order-decided-{kind}")
        await fill_files(page, site)
        await look_at_files(someone, kind)
        await page.goto(site.url(portal, "/orders?number=nobody-knows-this"))
        await expect(page.get_by_text("No order is known as “nobody-knows-this”")).to_be_visible()
        await look(someone, f"orders-no-match-{kind}")


async def test_a_timeline_that_takes_its_time_or_fails_says_so(browser: Browser, site: Site) -> None:
    """The failure is made here: a defect of the server cannot be ordered from the real one."""
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        body = '{"type":"/problems/internal","title":"Internal error","status":500,"detail":"","request_id":"a1b2c3d4"}'
        await route.fulfill(status=500, body=body, content_type="application/problem+json")

    boss = await staff(site, "oscar@summit.example", site.summit, name="Oscar Orders", of_client=True)
    async with person(browser, site, boss) as someone:
        page = someone.page
        await someone.sign_in()
        new = {"kind": "sales-order", "keys": [{"system": "shop", "value": "SO-LATE"}]}
        made = await ask(page, "POST", "/v1/entities", new)
        await page.route(re.compile("/timeline"), hold)
        await page.goto(site.url(site.summit, f"/orders/{made['id']}"))
        await page.locator("[class*=skeleton], [class*=Skeleton]").first.wait_for()
        await look(someone, "order-loading")
        released.set()
        await expect(page.get_by_role("button", name="Try again")).to_be_visible()
        await look(someone, "order-failed")
        await page.goto(site.url(site.summit, "/orders/ety_00000000000000000000000000"))
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
