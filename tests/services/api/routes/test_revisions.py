"""What a deployment was, and the way back to it."""

from __future__ import annotations

from typing import Any

from tests.services.api.parties import Parties

FIRST = """
document:
  dsl: 1.0.3
  namespace: tests
  name: greeting
  version: 1.0.0
  metadata:
    parameters:
      type: object
      properties: { most: { type: integer, default: 5 }, word: { type: string, default: good } }
schedule: { on: { one: { with: { type: order.captured } } } }
do: [{ greet: { set: { word: "${ $runtime.metadata.parameters.word }" } } }]
"""


async def deployed(parties: Parties) -> str:
    """A deployment that has been changed twice, by its path: another version, then another parameter."""
    acme = parties.acme
    versions = [
        (await acme.post("/v1/workflows", {"document": text})).json["id"]
        for text in (FIRST, FIRST.replace("version: 1.0.0", "version: 1.1.0"))
    ]
    made = await acme.post("/v1/deployments", {"name": "greeting", "workflow": versions[0], "parameters": {"most": 7}})
    path = f"/v1/deployments/{made.json['id']}"
    assert (await acme.send("PATCH", path, {"workflow": versions[1]})).json["revision"] == 2
    assert (await acme.send("PATCH", path, {"parameters": {"most": 9}})).json["revision"] == 3
    return path


def known(one: Any) -> tuple[str, Any, Any]:
    return one["workflow"]["version"], one["parameters"], one["sources"]


async def test_it_goes_back_to_what_it_was_with_one_call(parties: Parties) -> None:
    path = await deployed(parties)
    listed = (await parties.acme.get(f"{path}/revisions")).json["items"]
    assert [one["revision"] for one in listed] == [3, 2, 1]
    before = await parties.acme.post(f"{path}/roll-back", {})
    assert before.json["revision"] == 4
    assert known(before.json) == known(listed[1])
    assert before.json["parameters"] == {"most": 7, "word": "good"}
    assert before.json["sources"] == {"most": "deployment", "word": "default"}, "a default stays one"
    first = await parties.acme.post(f"{path}/roll-back", {"to_revision": 1})
    assert known(first.json) == known(listed[2])
    again = await parties.acme.post(f"{path}/roll-back", {"to_revision": 1})
    assert again.json["revision"] == first.json["revision"] == 5, "where nothing differs nothing is made"
    rows = (await parties.acme.get("/v1/audit?action=deployment.rolled-back")).json["items"]
    told = [{"from": 4, "to": 1, "revision": 5}, {"from": 3, "to": 2, "revision": 4}]
    assert [row["after"] for row in rows] == told


async def test_a_revision_that_is_not_there_or_was_not_seen_changes_nothing(parties: Parties) -> None:
    path = await deployed(parties)
    for wanted in (4, 99):
        refused = await parties.acme.post(f"{path}/roll-back", {"to_revision": wanted})
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/to_revision")
    seen = (await parties.acme.get(path)).headers["etag"]
    assert (await parties.acme.send("PATCH", path, {"parameters": {"most": 1}})).status == 200
    stale = await parties.acme.send("POST", f"{path}/roll-back", {}, headers={"if-match": seen})
    assert stale.status == 412
    assert (await parties.acme.get(path)).json["revision"] == 4


async def test_the_first_revision_has_none_before_it(parties: Parties) -> None:
    made = await parties.acme.post("/v1/workflows", {"document": FIRST})
    held = await parties.acme.post("/v1/deployments", {"name": "greeting", "workflow": made.json["id"]})
    refused = await parties.acme.post(f"/v1/deployments/{held.json['id']}/roll-back", {})
    assert refused.status == 422
    assert "before the first" in refused.json["detail"]
