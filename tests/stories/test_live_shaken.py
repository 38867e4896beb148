"""F-01 where something is made for good: packs of evidence, promotions and ways back, with who makes them killed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import msgspec
import pytest

from infra import ids
from infra.database import Database
from services.cli.commands.key import make_first
from tenants.identity.permissions import ALLOWED, Scope
from tests.portal.site import Site
from tests.stories.shaken import Shaken
from tests.stories.somebody import Somebody, hired

SLUG: Final = "sample-papers"
MAY: Final = ["deployments:read", "deployments:write", "runs:read", "payloads:read", "audit:read"]
pytestmark = [pytest.mark.faults]
CASE: Final = {
    "case": "D-1",
    "about": {"kind": "invoice", "key": "INV-7"},
    "reason": "damage",
    "required": [{"name": "pod", "title": "Proof of delivery"}, {"name": "photo", "title": "A photo"}],
}
GREETING: Final = """
document:
  dsl: 1.0.3
  namespace: tests
  name: greeting
  version: 1.0.0
  metadata: {parameters: {type: object, properties: {most: {type: integer, default: 5}}}}
schedule: {on: {one: {with: {type: greeted}}}}
do: [{greet: {set: {most: "${ $runtime.metadata.parameters.most }"}}}]
"""
AUDITED: Final = "SELECT count(*)::int AS n FROM app.audit WHERE tenant_id = $1 AND action = $2 AND target = $3"


@pytest.fixture(scope="module")
async def town(site: Site) -> AsyncIterator[Shaken]:
    async with Shaken.living(site, SLUG, []) as town:
        yield town


async def test_F_01_a_pack_that_was_asked_for_is_made_once_and_is_the_same_file(town: Shaken) -> None:
    case = (await town.post("/v1/evidence-cases", CASE))["id"]
    at = f"/v1/evidence-cases/{case}"
    made = await town.post("/v1/entities", {"kind": "invoice", "keys": [{"system": "erp", "value": "INV-7"}]})
    filed = await town.file(f"/v1/entities/{made['id']}/documents?name=scan.txt", b"signed")
    await town.dies()
    counted = await town.post(f"{at}/documents", {"document": filed, "to": "pod"})
    assert (counted["held"], counted["missing"]) == (["pod"], ["photo"])
    # Whoever was to make it dies with the file written, and another one as well, before it says what it is.
    await town.api_dies_at("pack.written", asked_until_dead(town, f"{at}/packs"))
    asked = await town.post(f"{at}/packs", {"key": "first"})

    async def is_made() -> Any:
        (pack,) = (await town.get(at))["packs"]
        assert pack["id"] == asked["id"]
        return pack if pack["state"] == "made" else None

    pack = await town.until(is_made, "the pack is to be made")
    assert (pack["parts"], pack["missing"]) == (1, ["photo"])
    content = await town.content(f"/v1/entities/{made['id']}/documents/{pack['document']}/content")
    assert (content[:5], hashlib.sha256(content).hexdigest()) == (b"%PDF-", pack["sha256"])
    other = await town.post(f"{at}/packs", {"key": "second"})
    packs = [pack]

    async def both_are() -> Any:
        packs[:] = (await town.get(at))["packs"]
        return all(one["state"] == "made" for one in packs)

    await town.until(both_are, "another one is to be made")
    assert {one["id"] for one in packs} == {pack["id"], other["id"]}
    assert {one["sha256"] for one in packs} == {pack["sha256"]}, "of the same documents it is the same file"
    kept = await town.get(f"/v1/entities/{made['id']}/documents")
    assert sum(one["document_class"] == "financial" for one in kept["items"]) == len({one["document"] for one in packs})


async def asked_until_dead(town: Shaken, path: str) -> None:
    """Ask for it, and go on asking until nobody answers."""
    while True:
        await town.post(path, {"key": "first"})
        await asyncio.sleep(0.1)


class Live:
    """The client's live environment: its own key, the partner's, and somebody of the client's who may deploy there."""

    def __init__(self, town: Shaken) -> None:
        self.town, self.at = town, f"/v1/clients/{SLUG}"
        self.above = (town.site.home / "secrets" / "partner-key").read_text().strip()
        self.key = ""
        self.boss: Somebody

    @classmethod
    async def of(cls, town: Shaken) -> Live:
        live = cls(town)
        found = (await live.ask("GET", live.at))["tenants"]
        tenant = ids.read("ten", next(one["id"] for one in found if one["environment"] == "live"))
        database = await Database(town.site.stack.endpoints.database_url, pool_size=1).open()
        place = f"{town.site.harbor.partner_slug}/{SLUG}/live"
        _, live.key = await make_first(database, place, "story", frozenset(ALLOWED[Scope.CLIENT]))
        await database.close()
        role = {"slug": "boss", "name": "Boss", "level": "client", "permissions": MAY}
        await live.own("POST", "/v1/roles", role)
        (live.boss,) = await hired(town.site, tenant, {f"boss@{SLUG}.example": ["boss"]})
        return live

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """By the partner's key."""
        return await self._ask(method, path, body, self.above)

    async def own(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """By the environment's key."""
        return await self._ask(method, path, body, self.key, headers)

    async def _ask(self, method: str, path: str, body: Any, key: str, headers: Mapping[str, str] | None = None) -> Any:
        answer = await self.town.site.request(method, path, body, headers, key=key)
        assert answer.status in {200, 201, 202}, (path, answer.body)
        return msgspec.json.decode(answer.body) if answer.body else None


async def test_F_01_a_promotion_runs_once_by_a_second_person_and_one_call_takes_it_back(town: Shaken) -> None:
    live = await Live.of(town)
    first = await town.post("/v1/workflows", {"document": GREETING})
    await town.post("/v1/deployments", {"name": "greeting", "workflow": first["id"], "parameters": {"most": 7}})
    wish = {"from": {"environment": "test", "deployment": "greeting"}, "note": "tried for a week"}
    path = f"{live.at}/live/promotions"
    promotion = await town.once("promote-1", path, wish, key=live.above)
    await town.dies()
    assert promotion == await town.once("promote-1", path, wish, key=live.above)
    listed = (await live.ask("GET", path))["items"]
    assert [one["id"] for one in listed] == [promotion["id"]], "proposed once"
    boss, approve = live.boss, f"/v1/promotions/{promotion['id']}/approve"
    alone = await town.site.request("POST", f"{path}/{promotion['id']}/approve", {"note": "mine"}, key=live.above)
    assert alone.status == 403, alone.body
    await town.api_dies_at(f"request.committed~{approve}", boss.ask("POST", approve, {"note": "as agreed"}))
    again = await boss.ask("POST", approve, {"note": "as agreed"})
    assert (again.status, again.problem) == (409, "promotion-decided"), again.json
    (running,) = (await boss.get("/v1/deployments"))["items"]
    assert (running["revision"], running["parameters"]) == (1, {"most": 7})
    told = await boss.get(f"/v1/promotions/{promotion['id']}")
    assert (told["status"], told["deployment"], told["revision"]) == ("approved", running["id"], 1)
    assert told["decided_by"] != told["proposed_by"]
    await it_is_taken_back(town, live, f"/v1/deployments/{running['id']}")


async def it_is_taken_back(town: Shaken, live: Live, here: str) -> None:
    """What was changed since is as before, once; who never heard of it is told by the tag that it was done."""
    boss, back = live.boss, f"{here}/roll-back"
    changed = await live.own("PATCH", here, {"parameters": {"most": 9}})
    assert changed["revision"] == 2
    seen = (await boss.ask("GET", here)).headers["etag"]
    await town.api_dies_at(f"request.committed~{back}", boss.ask("POST", back, {}, if_match=seen))
    late = await boss.ask("POST", back, {}, if_match=seen)
    assert (late.status, late.problem) == (412, "precondition-failed"), late.json
    named = await boss.ask("POST", back, {"to_revision": 1})
    assert (named.json["revision"], named.json["parameters"]) == (3, {"most": 7}), "by its number it is the same again"
    assert [one["revision"] for one in (await boss.get(f"{here}/revisions"))["items"]] == [3, 2, 1]
    rows = (await boss.get("/v1/audit?action=deployment.rolled-back"))["items"]
    assert [one["after"] for one in rows] == [{"from": 2, "to": 1, "revision": 3}]
    event = {"specversion": "1.0", "id": "greeted-1", "source": "/story", "type": "greeted", "data": {}}
    await live.own("POST", "/v1/events", event, **{"content-type": "application/cloudevents+json"})

    async def ended() -> Any:
        found = (await boss.get("/v1/runs"))["items"]
        return found if found and found[0]["state"] == "completed" else None

    (run,) = await town.until(ended, "it is to greet")
    assert (await boss.get(f"/v1/runs/{run['id']}"))["output"] == {"most": 7}
