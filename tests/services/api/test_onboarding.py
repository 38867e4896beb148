"""Many clients from CSV: seen before, done row by row, safe to repeat (A14)."""

from __future__ import annotations

from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties, make_key

FILE = """\
slug,name,environments,sites,open_runs,parameter.cutoff
bolts,"Bolts, Ltd",staging;uat,depot;yard,500,"12:00"
Nuts,Nuts,,,,
acme,Acme,staging,,,
sibling,Another name,,,,
bolts,Bolts again,,,,
washers,Washers,,,many,
pins,Pins,,,99999999,
"""


async def onboard(caller: Caller, csv: str = FILE) -> Answer:
    seen = await caller.post("/v1/onboarding", {"csv": csv, "preview": True})
    assert seen.status == 200, seen.body
    return await caller.post("/v1/onboarding", {"csv": csv, "token": seen.json["token"]})


def outcomes(answer: Answer) -> list[tuple[int, str, str]]:
    return [(one["line"], one["slug"], one["outcome"]) for one in answer.json["rows"]]


async def test_each_row_has_a_result_and_a_preview_changes_nothing(parties: Parties) -> None:
    await parties.operator.post("/v1/partners/north/quotas", {"open_runs": 1000})
    before = (await parties.north.get("/v1/clients")).json
    seen = await parties.north.post("/v1/onboarding", {"csv": FILE, "preview": True})
    expected = [
        (2, "bolts", "created"),
        (3, "Nuts", "refused"),
        (4, "acme", "completed"),
        (5, "sibling", "refused"),
        (6, "bolts", "refused"),
        (7, "washers", "refused"),
        (8, "pins", "refused"),
    ]
    assert outcomes(seen) == expected
    assert (await parties.north.get("/v1/clients")).json == before
    done = await parties.north.post("/v1/onboarding", {"csv": FILE, "token": seen.json["token"]})
    assert outcomes(done) == expected
    assert done.json["counts"] == {"created": 1, "completed": 1, "refused": 5}
    assert "more than the 1000" in done.json["rows"][6]["detail"]
    made = (await parties.north.get("/v1/clients/bolts")).json
    assert (made["id"], made["name"]) == (done.json["rows"][0]["client"], "Bolts, Ltd")
    assert [one["environment"] for one in made["tenants"]] == ["dev", "test", "live", "staging", "uat"]
    sites = (await parties.north.get("/v1/clients/bolts/live/sites")).json["items"]
    assert {one["slug"] for one in sites} == {"depot", "yard"}
    assert (await parties.north.get("/v1/clients/bolts/parameters")).json["items"][0]["value"] == "12:00"
    assert (await parties.north.get("/v1/clients/pins")).status == 404
    again = await onboard(parties.north)
    assert [one[2] for one in outcomes(again)][::2] == ["unchanged", "unchanged", "refused", "refused"]


async def test_a_token_is_good_for_its_file_and_its_partner_alone(parties: Parties) -> None:
    token = (await parties.north.post("/v1/onboarding", {"csv": FILE, "preview": True})).json["token"]
    other = await parties.north.post("/v1/onboarding", {"csv": FILE + "x,X,,,,\n", "token": token})
    assert (other.status, other.problem) == (422, "invalid-payload")
    assert (await parties.south.post("/v1/onboarding", {"csv": FILE, "token": token})).problem == "bad-cursor"
    assert (await parties.north.post("/v1/onboarding", {"csv": FILE})).problem == "invalid-payload"
    assert (await parties.acme.post("/v1/onboarding", {"csv": FILE, "preview": True})).status == 403


async def test_a_file_of_another_form_is_refused(parties: Parties) -> None:
    for csv in ("slug\na\n", "slug,name,price\na,A,1\n", "slug,name,name\na,A,A\n", "slug,name\n", 'slug,name\n"a,A\n'):
        answer = await parties.north.post("/v1/onboarding", {"csv": csv, "preview": True})
        assert (answer.problem, answer.json["errors"][0]["pointer"]) == ("invalid-payload", "/csv"), csv


async def test_what_was_changed_since_stays_and_is_told(parties: Parties) -> None:
    file = 'slug,name,open_runs,parameter.cutoff\nacme,Acme,500,"12:00"\n'
    assert outcomes(await onboard(parties.north, file)) == [(2, "acme", "completed")]
    await parties.north.send("PATCH", "/v1/clients/acme/parameters", {"values": {"cutoff": "15:00"}})
    await parties.north.post("/v1/clients/acme/live/quotas", {"open_runs": 700})
    again = (await onboard(parties.north, file)).json["rows"][0]
    assert again["outcome"] == "unchanged"
    assert again["detail"] == "is another and stays: quota open-runs, parameter cutoff"
    assert (await parties.north.get("/v1/clients/acme/parameters")).json["items"][0]["value"] == "15:00"
    taken_away = await onboard(parties.north, "slug,name,parameter.cutoff\nacme,Acme,null\n")
    assert outcomes(taken_away) == [(2, "acme", "refused")]
    assert (await parties.north.get("/v1/clients/acme/parameters")).json["items"][0]["value"] == "15:00"


async def test_a_preview_says_that_sites_are_missing(parties: Parties) -> None:
    file = "slug,name,sites\nacme,Acme,depot\n"
    seen = await parties.north.post("/v1/onboarding", {"csv": file, "preview": True})
    assert outcomes(seen) == [(2, "acme", "completed")]
    assert (await parties.north.get("/v1/clients/acme/live/sites")).json["items"] == []
    assert outcomes(await onboard(parties.north, file)) == outcomes(seen)
    seen = await parties.north.post("/v1/onboarding", {"csv": file, "preview": True})
    assert outcomes(seen) == [(2, "acme", "unchanged")]


async def test_S_68_who_may_make_no_sites_makes_none_by_a_file(parties: Parties) -> None:
    text = await make_key(parties.operator, partner="north", permissions=["clients:read", "clients:write"])
    lesser = parties.nobody.having(text)
    file = "slug,name,sites\nacme,Acme,depot\n"
    token = (await parties.north.post("/v1/onboarding", {"csv": file, "preview": True})).json["token"]
    for more in ({"preview": True}, {"token": token}):
        refused = await lesser.post("/v1/onboarding", {"csv": file, **more})
        assert (refused.status, refused.problem) == (403, "forbidden")
        assert refused.json["permission"] == "deployments:write"
    assert (await parties.north.get("/v1/clients/acme/live/sites")).json["items"] == []
    assert outcomes(await onboard(lesser, "slug,name,sites\nacme,Acme,\nnew,New,\n")) == [
        (2, "acme", "unchanged"),
        (3, "new", "created"),
    ]


async def test_a_client_has_so_many_environments_and_no_more(parties: Parties) -> None:
    names = ";".join(f"e{number}" for number in range(30))
    refused = (await onboard(parties.north, f"slug,name,environments\nacme,Acme,{names}\n")).json["rows"][0]
    assert (refused["outcome"], refused["detail"]) == ("refused", "A client has at most 20 environments")
    assert len((await parties.north.get("/v1/clients/acme")).json["tenants"]) == 3, "all of a row or nothing"


async def test_S_06_of_a_client_that_rests_or_is_gone_nothing_is_changed_from_above(parties: Parties) -> None:
    file = 'slug,name,parameter.cutoff\nacme,Acme,"12:00"\n'
    values = {"values": {"cutoff": "12:00"}}
    await parties.north.post("/v1/clients/acme/suspend", {"reason": "They rest"})
    assert outcomes(await onboard(parties.north, file)) == [(2, "acme", "refused")]
    client = parties.ids["acme"]
    refused = await parties.north.send("PATCH", f"/v1/clients/{client}/parameters", values)
    assert (refused.status, refused.problem) == (403, "client-suspended")
    assert (await parties.north.get(f"/v1/clients/{client}/parameters")).json["items"] == []
    seen = await parties.north.post("/v1/clients/acme/delete", {"preview": True})
    await parties.north.post("/v1/clients/acme/delete", {"token": seen.json["token"], "reason": "They left"})
    for method, path, body in (
        ("PATCH", f"/v1/clients/{client}/parameters", values),
        ("POST", "/v1/keys", {"name": "late", "client": client, "environment": "live"}),
        ("POST", f"/v1/clients/{client}/environments", {"environment": "late"}),
    ):
        late = await parties.north.send(method, path, body)
        assert (late.status, late.problem) == (409, "client-state"), path
