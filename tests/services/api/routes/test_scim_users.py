"""Users as directories provision them over SCIM 2.0 (RFC 7643, RFC 7644)."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.services.api.directories import MEDIA, TYPED, USER, Directory, make_directory, person, refused
from tests.services.api.parties import Parties


@pytest.fixture
async def directory(parties: Parties) -> Directory:
    return await make_directory(parties)


async def test_a_user_is_made_read_listed_and_let_go(directory: Directory) -> None:
    made = await directory.send("POST", "/Users", person("maria", name={"givenName": "Maria", "familyName": "Sol"}))
    assert (made.status, made.headers["content-type"]) == (201, MEDIA), made.body
    user = made.json
    assert user["id"].startswith("acc_")
    assert made.headers["location"] == user["meta"]["location"] == f"/scim/v2/Users/{user['id']}"
    assert made.headers["etag"] == user["meta"]["version"]
    assert user == {
        "schemas": [USER],
        "id": user["id"],
        "externalId": "sub-maria",
        "userName": "maria@acme.example",
        "displayName": "Maria",
        "name": {"givenName": "Maria", "familyName": "Sol"},
        "active": True,
        "emails": [{"value": "maria@acme.example", "type": "work", "primary": True}],
        "groups": [],
        "meta": user["meta"],
    }
    assert (await directory.get(f"/Users/{user['id']}")).json == user
    listed = (await directory.get("/Users")).json
    assert (listed["totalResults"], listed["startIndex"], listed["itemsPerPage"]) == (1, 1, 1)
    assert listed["Resources"] == [user]
    gone = await directory.send("DELETE", f"/Users/{user['id']}")
    assert (gone.status, gone.body) == (204, b"")
    refused(await directory.get(f"/Users/{user['id']}"), 404)
    refused(await directory.send("DELETE", f"/Users/{user['id']}"), 404)
    assert (await directory.get("/Users")).json["totalResults"] == 0
    log = (await directory.caller.get("/v1/audit?limit=200")).json["items"]
    actions = [one["action"] for one in log if one["target"] == user["id"]]
    assert actions == ["account.let-go", "account.disabled", "account.provisioned", "account.created"]


async def test_who_was_let_go_comes_back_as_the_same_account_without_roles(directory: Directory) -> None:
    user = await directory.made("maria")
    clerk = await directory.group("Clerk")
    await directory.patch(f"/Groups/{clerk}", {"op": "add", "path": "members", "value": [{"value": user}]})
    await directory.send("DELETE", f"/Users/{user}")
    again = await directory.send("POST", "/Users", person("maria", userName="m.sol@acme.example"))
    assert (again.status, again.json["id"], again.json["active"]) == (201, user, True)
    assert (again.json["groups"], again.json["userName"]) == ([], "m.sol@acme.example")


async def test_filters_as_directories_send_them(directory: Directory) -> None:
    user = await directory.made("maria")
    await directory.made("eva")
    for asked, count in (
        ('userName eq "maria@acme.example"', 1),
        ('USERNAME EQ "MARIA@ACME.EXAMPLE"', 1),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "maria@acme.example"', 1),
        ('userName eq "nobody"', 0),
        ('externalId eq "sub-maria"', 1),
        ('externalId eq "SUB-MARIA"', 0),
        (f'id eq "{user}"', 1),
        ('id eq "x"', 0),
        ("id eq 5", 0),
        ('emails[type eq "work"].value eq "Maria@acme.example"', 1),
        ('emails.value eq "maria@acme.example"', 1),
        ('displayName eq "MARIA"', 1),
        ('userName eq "maria@acme.example" and active eq true', 1),
        ('userName eq "maria@acme.example" and active eq "False"', 0),
        ('userName eq "maria@acme.example" and userName eq "eva@acme.example"', 0),
        ("active eq true", 2),
    ):
        answer = await directory.get("/Users?filter=" + asked.replace(" ", "%20"))
        assert answer.status == 200, answer.body
        assert (answer.json["totalResults"], len(answer.json["Resources"])) == (count, count), asked
        if count == 1:
            assert answer.json["Resources"][0]["id"] == user
    for asked in ("userName", 'title eq "boss"', 'userName co "maria"', ""):
        refused(await directory.get("/Users?filter=" + asked.replace(" ", "%20")), 400, "invalidFilter")


async def test_pages_by_place_and_count(directory: Directory) -> None:
    users = [await directory.made(name) for name in ("ada", "bea", "cleo")]
    for query, first, places in (
        ("startIndex=1&count=2", 1, [0, 1]),
        ("startIndex=3&count=2", 3, [2]),
        ("startIndex=4", 4, []),
        ("startIndex=-7&count=-1", 1, []),
        ("count=0", 1, []),
        ("count=100000", 1, [0, 1, 2]),
        ("startIndex=99999999999999&count=1", 2**31, []),
        ("aadOptscim062020", 1, [0, 1, 2]),
    ):
        answer = await directory.get(f"/Users?{query}")
        assert answer.status == 200, answer.body
        assert (answer.json["totalResults"], answer.json["startIndex"]) == (3, first), query
        assert [one["id"] for one in answer.json["Resources"]] == [users[place] for place in places], query
    refused(await directory.get("/Users?count=many"), 400, "invalidValue")
    refused(await directory.get("/Users?filtre=x"), 400, "invalidValue")


async def test_only_what_is_asked_for_is_shown(directory: Directory) -> None:
    user = await directory.made("maria")
    await directory.patch(f"/Users/{user}", {"op": "add", "path": "name.givenName", "value": "Maria"})
    only = (await directory.get(f"/Users/{user}?attributes=userName,name.givenName")).json
    assert only.keys() == {"schemas", "id", "userName", "name"}
    but = (await directory.get(f"/Users/{user}?excludedAttributes=groups,emails,id")).json
    assert but.keys() == {"schemas", "id", "externalId", "userName", "displayName", "name", "active", "meta"}


async def test_put_replaces_what_it_says(directory: Directory) -> None:
    user = await directory.made("maria")
    changed = await directory.send("PUT", f"/Users/{user}", {
        "schemas": [USER], "id": user, "userName": "m.sol@acme.example", "displayName": "Maria Sol",
        "name": {"givenName": "Maria", "familyName": "Sol"}, "active": False, "title": "Clerk",
        "emails": [{"value": "Sol@Acme.example", "primary": True}],
    })  # fmt: skip
    assert changed.status == 200, changed.body
    told = changed.json
    assert (told["userName"], told["displayName"], told["active"]) == ("m.sol@acme.example", "Maria Sol", False)
    assert (told["externalId"], told["emails"][0]["value"]) == ("sub-maria", "sol@acme.example")
    assert "title" not in told
    again = await directory.send("PUT", f"/Users/{user}", {"userName": "m.sol@acme.example", "displayName": "M"})
    assert (again.json["active"], again.json["displayName"]) == (False, "M"), "what is left out stays"


NAMED = {"givenName": "Maria", "familyName": "Sol", "formatted": "Maria Sol"}


PATCHES: Final[tuple[tuple[list[dict[str, Any]], dict[str, Any]], ...]] = (
    # Entra ID, as it is and with its flag aadOptscim062020; the last four are Okta's.
    ([{"op": "Replace", "path": "active", "value": "False"}], {"active": False}),
    ([{"op": "replace", "path": "active", "value": False}], {"active": False}),
    ([{"op": "Replace", "path": "name.familyName", "value": "Luz"}], {"displayName": "Maria Luz"}),
    (
        [
            {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "luz@acme.example"},
            {"op": "Add", "path": "nickName", "value": "Babs"},
            {
                "op": "Replace",
                "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                "value": "x",
            },
            {"op": "Add", "path": 'addresses[type eq "work"].locality', "value": "Porto"},
        ],
        {"emails": [{"value": "luz@acme.example", "type": "work", "primary": True}]},
    ),
    (
        [{"op": "replace", "value": {"displayName": "Luz", "name.givenName": "Mia", "title": "x"}}],
        {"displayName": "Luz", "name": {"formatted": "Mia Sol", "givenName": "Mia", "familyName": "Sol"}},
    ),
    ([{"op": "Replace", "path": "externalId", "value": "oid-7"}], {"externalId": "oid-7"}),
    ([{"op": "replace", "path": "userName", "value": "luz"}], {"userName": "luz"}),
    ([{"op": "remove", "path": "displayName"}], {"displayName": "Maria Sol"}),
    ([{"op": "remove", "path": 'emails[type eq "home"]'}], {"displayName": "Maria Sol"}),
    ([{"op": "replace", "value": {"active": False}}], {"active": False}),
    ([{"op": "replace", "value": {"ACTIVE": "true", "id": "x"}}], {"active": True}),
    ([{"op": "add", "path": "emails", "value": [{"value": "l@acme.example"}]}], {"active": True}),
    ([{"op": "replace", "path": "name", "value": {"formatted": "Dr Sol"}}], {"displayName": "Dr Sol"}),
)


async def test_patches_as_entra_id_and_okta_send_them(directory: Directory) -> None:
    for number, (operations, shown) in enumerate(PATCHES):
        made = await directory.send("POST", "/Users", {**person(f"m{number}", name=NAMED), "displayName": None})
        assert (made.status, made.json["displayName"]) == (201, "Maria Sol"), made.body
        changed = await directory.patch(f"/Users/{made.json['id']}", *operations)
        assert (changed.status, changed.headers["content-type"]) == (200, MEDIA), changed.body
        assert {name: changed.json[name] for name in shown} == shown
        assert (await directory.get(f"/Users/{made.json['id']}")).json == changed.json


async def test_a_patch_is_done_whole_or_not_at_all(directory: Directory) -> None:
    user = await directory.made("maria")
    before = (await directory.get(f"/Users/{user}")).json
    good = {"op": "replace", "path": "active", "value": False}
    for bad, scim_type in (
        ({"op": "replace", "path": "shoeSize", "value": 42}, "invalidPath"),
        ({"op": "replace", "path": "displayName", "value": "a\u202eb"}, "invalidValue"),
        ({"op": "replace", "path": 'emails[type eq "work"].value', "value": "no address"}, "invalidValue"),
        ({"op": "remove", "path": "userName"}, "mutability"),
    ):
        refused(await directory.patch(f"/Users/{user}", good, bad), 400, scim_type)
    for body, scim_type in (
        ({"externalId": "x"}, "invalidValue"),
        ({"userName": "x@acme.example"}, "invalidValue"),
        ({"userName": "no-address", "externalId": "x"}, "invalidValue"),
        ([], "invalidSyntax"),
    ):
        refused(await directory.send("POST", "/Users", body), 400, scim_type)
    assert (await directory.get("/Users")).json["Resources"] == [before]


async def test_bodies_are_json_of_scim_or_plain(directory: Directory) -> None:
    post = directory.caller.post
    refused(await post("/scim/v2/Users", raw=b"{", headers=TYPED), 400, "invalidSyntax")
    refused(await post("/scim/v2/Users", raw=b"{}", headers={"content-type": "text/plain"}), 415)
    refused(await post("/scim/v2/Users", raw=b"x" * 2_000_000, headers=TYPED), 413)
    assert (await post("/scim/v2/Users", person("plain"))).status == 201
    refused(await directory.get("/Nothing"), 404)
    refused(await directory.send("POST", "/Groups", {"displayName": "New"}), 405)


async def test_a_name_or_a_subject_is_one_persons(directory: Directory) -> None:
    await directory.made("maria")
    eva = await directory.made("eva")
    for body in (person("maria"), person("new", userName="MARIA@acme.example"), person("new", externalId="sub-maria")):
        refused(await directory.send("POST", "/Users", body), 409, "uniqueness")
    for path, value in (("userName", "Maria@acme.example"), ("externalId", "sub-maria")):
        refused(
            await directory.patch(f"/Users/{eva}", {"op": "replace", "path": path, "value": value}), 409, "uniqueness"
        )
    assert (await directory.get("/Users")).json["totalResults"] == 2


async def test_versions_hold_a_change_to_what_was_read(directory: Directory) -> None:
    user = await directory.made("maria")
    seen = await directory.get(f"/Users/{user}")
    tag = seen.headers["etag"]
    assert tag == seen.json["meta"]["version"]
    assert tag.startswith('W/"')
    same = await directory.get(f"/Users/{user}", if_none_match=tag)
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag)
    off = {"op": "replace", "path": "active", "value": False}
    changed = await directory.patch(f"/Users/{user}", off, if_match=tag)
    assert changed.status == 200
    assert changed.headers["etag"] not in {tag, ""}
    refused(await directory.patch(f"/Users/{user}", off, if_match=tag), 412)
    refused(await directory.send("DELETE", f"/Users/{user}", if_match=tag), 412)
    refused(await directory.patch(f"/Users/{user}", off, if_match="x"), 400)
    plain = changed.headers["etag"].removeprefix("W/")
    assert (await directory.send("PUT", f"/Users/{user}", person("maria"), if_match=plain)).status == 200
    assert (await directory.send("DELETE", f"/Users/{user}", if_match="*")).status == 204


async def test_what_is_offered_is_told(directory: Directory) -> None:
    told = (await directory.get("/ServiceProviderConfig")).json
    assert (told["patch"], told["bulk"]["supported"], told["etag"]) == ({"supported": True}, False, {"supported": True})
    for path, names in (("/ResourceTypes", {"User", "Group"}), ("/Schemas", {"User", "Group"})):
        listed = (await directory.get(path)).json
        assert {one["name"] for one in listed["Resources"]} == names
        for one in listed["Resources"]:
            alone = await directory.get(f"{path}/{one['id']}")
            assert (alone.json, alone.headers["content-type"]) == (one, MEDIA)
        refused(await directory.get(f"{path}/x"), 404)
