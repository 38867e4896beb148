"""Groups over SCIM are roles: who is in them is the directory's to say, what they give is not (S-68)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.asgi import Caller
from tests.services.api.directories import Directory, make_directory, refused
from tests.services.api.parties import Parties, first_key, make_key


@pytest.fixture
async def directory(parties: Parties) -> Directory:
    return await make_directory(parties)


def member(*ids: str) -> list[dict[str, Any]]:
    return [{"value": one} for one in ids]


async def porter(parties: Parties, *more: str) -> Caller:
    """A key that provisions people, and may itself do little else."""
    wanted = ["scim:write", "people:read", *more]
    return parties.nobody.having(await first_key(parties.nobody, "north/acme/live", wanted))


async def test_groups_are_the_roles_that_these_people_may_have(parties: Parties, directory: Directory) -> None:
    held = ["people:read", "people:write", "roles:write", "clients:write", "runs:read"]
    north = parties.nobody.having(await make_key(parties.operator, partner="north", permissions=held))
    for caller, role in (
        (directory.caller, {"slug": "night", "name": "Night shift", "permissions": ["runs:read"]}),
        (north, {"slug": "all", "name": "For all", "level": "client", "permissions": ["runs:read"]}),
        (north, {"slug": "own", "name": "Of the partner", "level": "partner", "permissions": ["runs:read"]}),
    ):
        assert (await caller.post("/v1/roles", role)).status == 201
    listed = (await directory.get("/Groups?excludedAttributes=members")).json
    assert {one["displayName"] for one in listed["Resources"]} == {
        "Administrator", "Clerk", "Viewer", "Night shift", "For all",
    }  # fmt: skip
    assert all(one["id"].startswith("rol_") and "members" not in one for one in listed["Resources"])
    page = (await directory.get("/Groups?startIndex=2&count=3")).json
    assert (page["totalResults"], page["itemsPerPage"], page["startIndex"]) == (5, 3, 2)
    partners = await make_directory(parties, None)
    shown = {one["displayName"] for one in (await partners.get("/Groups")).json["Resources"]}
    assert shown == {"Administrator", "Supporter", "Viewer", "Of the partner"}


async def test_members_as_entra_id_and_okta_send_them(directory: Directory) -> None:
    ada, bea, cleo = [await directory.made(name) for name in ("ada", "bea", "cleo")]
    clerk = await directory.group("Clerk")
    for operations, expected in (
        ([{"op": "Add", "path": "members", "value": [{"$ref": None, "value": ada}]}], {ada}),
        ([{"op": "add", "path": "members", "value": [{"value": bea, "display": "bea"}]}], {ada, bea}),
        ([{"op": "add", "path": "members", "value": member(bea)}], {ada, bea}),
        ([{"op": "Remove", "path": "members", "value": member(ada)}], {bea}),
        ([{"op": "Remove", "path": "members", "value": member(ada, "gone")}], {bea}),
        ([{"op": "replace", "path": "members", "value": member(ada, cleo)}], {ada, cleo}),
        ([{"op": "remove", "path": f'members[value eq "{cleo}"]'}], {ada}),
        ([{"op": "replace", "value": {"id": clerk, "displayName": "Clerk"}}], {ada}),
        ([{"op": "Add", "path": "externalId", "value": "8aa1a0c0"}], {ada}),
        ([{"op": "add", "value": {"members": member(cleo)}}], {ada, cleo}),
        (
            [
                {"op": "remove", "path": f'members[value eq "{ada}"]'},
                {"op": "add", "path": "members", "value": member(bea)},
            ],
            {bea, cleo},
        ),
        ([{"op": "remove", "path": "members"}], set()),
    ):
        answer = await directory.patch(f"/Groups/{clerk}", *operations)
        assert (answer.status, answer.body) == (204, b""), (operations, answer.body)
        assert await directory.members(clerk) == expected, operations
        assert answer.headers["etag"] == (await directory.get(f"/Groups/{clerk}")).headers["etag"]
    whole = {"displayName": "Clerk", "members": member(ada, cleo)}
    assert (await directory.send("PUT", f"/Groups/{clerk}", whole)).status == 200
    assert await directory.members(clerk) == {ada, cleo}
    user = (await directory.get(f"/Users/{ada}")).json
    assert [one["value"] for one in user["groups"]] == [clerk]
    found = await directory.get(f'/Groups?filter=id%20eq%20"{clerk}"%20and%20members%20eq%20"{ada}"')
    assert [one["id"] for one in found.json["Resources"]] == [clerk]
    log = (await directory.caller.get(f"/v1/audit?target={bea}&limit=200")).json["items"]
    assert [one["action"] for one in log if "role" in one["action"]] == [
        "account.role-taken", "account.role-given", "account.role-taken", "account.role-given",
    ]  # fmt: skip


async def test_what_a_group_is_called_and_gives_is_not_the_directorys(directory: Directory) -> None:
    ada = await directory.made("ada")
    clerk = await directory.group("Clerk")
    for body, kind in (
        ({"op": "replace", "path": "displayName", "value": "Boss"}, "mutability"),
        ({"op": "replace", "path": "permissions", "value": ["keys:write"]}, "invalidPath"),
        ({"op": "add", "path": f'members[value eq "{ada}"]', "value": member(ada)}, "invalidPath"),
        ({"op": "add", "path": "members", "value": member("acc_x")}, "invalidValue"),
        ({"op": "add", "path": "members", "value": [5]}, "invalidSyntax"),
    ):
        refused(await directory.patch(f"/Groups/{clerk}", body), 400, kind)
    refused(await directory.send("PUT", f"/Groups/{clerk}", {"displayName": "Boss"}), 400, "mutability")
    refused(await directory.send("DELETE", f"/Groups/{clerk}"), 405)
    many = {"op": "add", "path": "members", "value": member(*[ada] * 1001)}
    refused(await directory.patch(f"/Groups/{clerk}", many), 413)
    assert await directory.members(clerk) == set()


async def test_S_68_nobody_gives_by_a_group_what_their_key_lacks(parties: Parties, directory: Directory) -> None:
    ada = await directory.made("ada")
    clerk, administrator = await directory.group("Clerk"), await directory.group("Administrator")
    weak = directory.having((await porter(parties, "runs:read")).key or "")
    for group in (clerk, administrator):
        refused(await weak.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": member(ada)}), 403)
        refused(await weak.send("PUT", f"/Groups/{group}", {"members": member(ada)}), 403)
    assert (await directory.get(f"/Users/{ada}")).json["groups"] == []
    role = {"slug": "look", "name": "Look", "permissions": ["runs:read"]}
    assert (await directory.caller.post("/v1/roles", role)).status == 201
    look = await directory.group("Look")
    assert (await weak.patch(f"/Groups/{look}", {"op": "add", "path": "members", "value": member(ada)})).status == 204
    log = (await directory.caller.get("/v1/audit?action=access.denied")).json["items"]
    assert {one["after"]["reason"] for one in log} == {"not-yours-to-grant"}


async def test_S_05_a_partners_key_gives_by_no_group_what_it_lacks(parties: Parties, directory: Directory) -> None:
    """At its client by a key that it makes there, and among its own people by its own."""
    held = ["keys:issue", "keys:write", "clients:write", "runs:read", "people:read", "scim:write"]
    north = parties.nobody.having(await make_key(parties.operator, partner="north", permissions=held))
    ada = await directory.made("ada")
    joins = {"op": "add", "path": "members", "value": member(ada)}
    role = {"slug": "look", "name": "Look", "permissions": ["runs:read"]}
    assert (await directory.caller.post("/v1/roles", role)).status == 201
    clerk, administrator, look = [await directory.group(one) for one in ("Clerk", "Administrator", "Look")]
    place = {"client": "acme", "environment": "live", "permissions": ["scim:write", "people:read", "runs:read"]}
    porter = directory.having(await make_key(north, **place))
    for group in (clerk, administrator):
        refused(await porter.patch(f"/Groups/{group}", joins), 403)
        refused(await porter.send("PUT", f"/Groups/{group}", {"members": member(ada)}), 403)
    assert (await directory.get(f"/Users/{ada}")).json["groups"] == []
    assert (await porter.patch(f"/Groups/{look}", joins)).status == 204
    # Its own key is no directory of the client's: neither its people nor its groups are there for it.
    own = await make_directory(parties, None)
    weak = own.having(north.key or "")
    for one in (own, weak):
        refused(await one.patch(f"/Groups/{look}", joins), 404)
        refused(await one.get(f"/Users/{ada}"), 404)
    bea = await own.made("bea")
    among = {"op": "add", "path": "members", "value": member(bea)}
    for name in ("Supporter", "Administrator"):
        refused(await weak.patch(f"/Groups/{await own.group(name)}", among), 403)
    assert (await own.get(f"/Users/{bea}")).json["groups"] == []


async def test_S_68_nobody_changes_who_holds_more_than_their_key(parties: Parties, directory: Directory) -> None:
    ada, bea = await directory.made("ada"), await directory.made("bea")
    administrator = await directory.group("Administrator")
    both = {"op": "add", "path": "members", "value": member(ada, bea)}
    assert (await directory.patch(f"/Groups/{administrator}", both)).status == 204
    before = (await directory.get(f"/Users/{ada}")).json
    weak = directory.having((await porter(parties)).key or "")
    for answer in (
        # To be called otherwise at the provider would be to become them.
        await weak.patch(f"/Users/{ada}", {"op": "replace", "path": "externalId", "value": "mine"}),
        await weak.patch(f"/Users/{ada}", {"op": "replace", "path": "active", "value": False}),
        await weak.send("DELETE", f"/Users/{ada}"),
        await weak.patch(f"/Groups/{administrator}", {"op": "remove", "path": f'members[value eq "{ada}"]'}),
    ):
        refused(answer, 403)
    assert (await directory.get(f"/Users/{ada}")).json == before


async def test_S_68_the_last_administrator_stays_even_when_two_go_at_once(directory: Directory) -> None:
    ada, bea = await directory.made("ada"), await directory.made("bea")
    administrator = await directory.group("Administrator")
    both = {"op": "add", "path": "members", "value": member(ada, bea)}
    assert (await directory.patch(f"/Groups/{administrator}", both)).status == 204
    gone = {"op": "remove", "path": f'members[value eq "{bea}"]'}
    answers = await asyncio.gather(
        directory.patch(f"/Users/{ada}", {"op": "replace", "path": "active", "value": False}),
        directory.send("DELETE", f"/Users/{bea}"),
        directory.patch(f"/Groups/{administrator}", gone),
        directory.caller.post(f"/v1/people/{ada}/disable"),
        directory.caller.send("PUT", f"/v1/people/{bea}/roles", {"roles": []}),
    )
    assert 409 in {one.status for one in answers}
    assert {one.status for one in answers} <= {200, 204, 404, 409}, [one.body for one in answers]
    people = (await directory.caller.get("/v1/people")).json["items"]
    left = [
        one for one in people
        if one["status"] == "active" and any(role["slug"] == "administrator" for role in one["roles"])
    ]  # fmt: skip
    assert len(left) == 1


async def test_two_who_change_the_groups_of_one_person_both_count(directory: Directory) -> None:
    ada = await directory.made("ada")
    groups = []
    for number in range(6):
        role = {"slug": f"r-{number}", "name": f"Role {number}", "permissions": ["runs:read"]}
        assert (await directory.caller.post("/v1/roles", role)).status == 201
        groups.append(await directory.group(f"Role {number}"))
    for one in groups[:3]:
        await directory.patch(f"/Groups/{one}", {"op": "add", "path": "members", "value": member(ada)})
    answers = await asyncio.gather(
        *(directory.patch(f"/Groups/{one}", {"op": "remove", "path": "members"}) for one in groups[:3]),
        *(
            directory.patch(f"/Groups/{one}", {"op": "add", "path": "members", "value": member(ada)})
            for one in groups[3:]
        ),
    )
    assert [one.status for one in answers] == [204] * 6, [one.body for one in answers]
    user = (await directory.get(f"/Users/{ada}")).json
    assert {one["value"] for one in user["groups"]} == set(groups[3:])


async def test_of_two_who_saw_the_same_group_one_changes_it(directory: Directory) -> None:
    users = [await directory.made(name) for name in ("ada", "bea", "cleo", "dora")]
    clerk = await directory.group("Clerk")
    seen = (await directory.get(f"/Groups/{clerk}")).headers["etag"]
    answers = await asyncio.gather(
        *(
            directory.patch(f"/Groups/{clerk}", {"op": "add", "path": "members", "value": member(one)}, if_match=seen)
            for one in users
        )
    )
    assert sorted(one.status for one in answers) == [204, 412, 412, 412]
    assert len(await directory.members(clerk)) == 1
