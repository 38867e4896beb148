"""Runs that are no straight way: loops, branches, attempts, pauses; how their graph and their journal tell it."""

from __future__ import annotations

import re

import msgspec
import pytest
from playwright.async_api import Browser, Locator, expect

from tests.portal.person import DESK, PHONE, SCHEMES, Person, person
from tests.portal.site import Site

SHAPES = """
document: {dsl: 1.0.3, namespace: tests, name: shapes, version: 1.0.0, title: Shapes}
schedule: {on: {one: {with: {type: shapes.begun}}}}
do:
  - read: {set: {number: '${ .[0].data.number }', lines: [1, 2, 3], is_new: true}}
  - each-line:
      for: {each: line, in: .lines}
      do:
        - price: {set: {total: '${ (.total // 0) + $line }'}}
  - ask-all:
      fork:
        branches:
          - stock:
              do:
                - pause: {wait: PT1S}
                - count: {set: {stock: 7}}
          - credit: {set: {seen: '${ .total }', credit: true}}
  - careful:
      try:
        - refuse:
            raise:
              error: {type: 'https://example.com/errors/busy', status: 503, title: Warehouse busy}
      catch:
        retry: {delay: PT0S, limit: {attempt: {count: 1}}}
        do:
          - fall-back: {set: {way: by hand, urgent: true, late: false}}
"""
LONG = """
document: {dsl: 1.0.3, namespace: tests, name: long, version: 1.0.0, title: Long}
schedule: {on: {one: {with: {type: long.begun}}}}
do:
  - many: {set: {items: '${ [range(1400)] }'}}
  - each:
      for: {in: .items}
      do:
        - first: {set: {at: '${ $index }'}}
        - second: {set: {at: '${ $index }'}}
"""
EDGES = 15
THRICE = "\N{MULTIPLICATION SIGN}3"
WATCH = """() => {
  const seen = [];
  window.__lines = seen;
  const look = () => {
    seen.push(document.querySelectorAll(".react-flow__edge-path").length);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


@pytest.fixture(scope="module")
async def shapes(site: Site) -> Site:
    for text, name in ((SHAPES, "shapes"), (LONG, "long")):
        workflow = await _made(site, "/v1/workflows", {"document": text})
        await _made(site, "/v1/deployments", {"name": name, "workflow": workflow})
    return site


async def test_a_run_with_a_loop_branches_and_attempts_is_told_as_it_was(browser: Browser, shapes: Site) -> None:
    run = await _begin(shapes, "shapes", "told")
    async with person(browser, shapes, shapes.harbor) as someone:
        await _arrive(someone, run, "told")
        await someone.page.get_by_role("heading", name="Completed").wait_for()
        graph, journal = _parts(someone)
        await expect(graph.locator(".react-flow__edge")).to_have_count(EDGES)
        for reference in ("stock/do/1/count", "credit"):
            edge = graph.locator(f".react-flow__edge[data-id*='{reference}→/do/3/careful']")
            await expect(edge).to_have_class(re.compile("taken"))
        await expect(graph.locator("[data-id*='refuse→']")).to_have_class(re.compile("taken"))
        await expect(graph.locator("[data-id*='careful→/do/3/careful/catch']")).not_to_have_class(re.compile("taken"))
        loop = graph.get_by_role("button", name="Price")
        await expect(loop).to_contain_text(THRICE)
        await expect(graph.locator("[data-id*='price→/do/1/each-line/do/0/price']")).to_have_count(0)
        await expect(journal.get_by_role("button", name="Price")).to_have_count(1)
        await expect(journal.get_by_role("button", name="Price")).to_contain_text(THRICE)
        await expect(journal.get_by_role("button", name="Careful")).to_contain_text(re.compile("Dealt with"))
        await expect(someone.page.get_by_role("main")).to_contain_text("UrgentYesLateNo")
        await journal.get_by_role("button", name="Credit").click()
        panel = someone.page.get_by_role("complementary")
        given = panel.get_by_role("heading", name=re.compile("^Input")).locator("..")
        await expect(given).to_contain_text("6")
        await expect(given).not_to_contain_text("Stock")


@pytest.mark.parametrize("size", [DESK, PHONE])
async def test_such_a_run_stands_up_to_axe(browser: Browser, shapes: Site, size: tuple[int, int]) -> None:
    kind = "phone" if size == PHONE else "desk"
    run = await _begin(shapes, "shapes", f"axe-{kind}")
    async with person(browser, shapes, shapes.harbor, size=size) as someone:
        await _arrive(someone, run, f"axe-{kind}")
        await someone.page.get_by_role("heading", name="Completed").wait_for()
        await expect(_parts(someone)[0].locator(".react-flow__edge")).to_have_count(EDGES)
        for scheme in SCHEMES:
            await someone.turn(scheme)
            await someone.shoot(f"shapes-{kind}-{scheme}", whole=True)
            assert not await someone.flaws()
        await _parts(someone)[1].get_by_role("button", name="Careful").click()
        await someone.shoot(f"shapes-task-{kind}")
        assert not await someone.flaws()
        assert await someone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_no_line_of_the_graph_blinks_while_the_run_moves_and_steps_are_chosen(
    browser: Browser, shapes: Site
) -> None:
    run = await _begin(shapes, "shapes", "steady")
    async with person(browser, shapes, shapes.harbor, still=False) as someone:
        await _arrive(someone, run, "steady")
        graph, journal = _parts(someone)
        await graph.locator(".react-flow__edge-path").first.wait_for(state="attached")
        await someone.page.evaluate(WATCH)
        await someone.page.get_by_role("heading", name="Completed").wait_for()
        for name in ("Read", "Price", "Careful"):
            await journal.get_by_role("button", name=name).click()
            await expect(graph.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        seen = await someone.page.evaluate("window.__lines")
        assert len(seen) > 10
        assert set(seen) == {EDGES}


async def test_a_journal_too_long_to_show_says_so_and_leaves_nothing_running(browser: Browser, shapes: Site) -> None:
    run = await _begin(shapes, "long", "long")
    async with person(browser, shapes, shapes.harbor) as someone:
        await _arrive(someone, run, "long")
        await someone.page.get_by_role("heading", name="Completed").wait_for()
        graph, journal = _parts(someone)
        await expect(journal).to_contain_text(re.compile(r"The first 5,000 of 5,6\d\d lines"))
        for part in (graph, journal):
            await expect(part.locator("[data-state=running]")).to_have_count(0)
        await someone.shoot("run-long-journal")


def _parts(someone: Person) -> tuple[Locator, Locator]:
    return (
        someone.page.get_by_role("region", name="Workflow"),
        someone.page.get_by_role("region", name="Journal"),
    )


async def _arrive(someone: Person, run: str, order: str) -> None:
    await someone.open(f"/runs/{run}")
    await someone.fill_in(someone.portal.password)
    await someone.heading(order).wait_for()


async def _begin(site: Site, kind: str, number: str) -> str:
    event = {"specversion": "1.0", "id": f"{kind}-{number}", "source": "/tests", "type": f"{kind}.begun"}
    form = {"content-type": "application/cloudevents+json"}
    body = event | {"subject": number, "data": {"number": number}}
    answer = await site.request("POST", "/v1/events", body, headers=form)
    run: str = msgspec.json.decode(answer.body)["runs"][0]
    return run


async def _made(site: Site, path: str, body: dict[str, str]) -> str:
    answer = await site.request("POST", path, body)
    assert answer.status in {200, 201}, answer.body
    made: str = msgspec.json.decode(answer.body)["id"]
    return made
