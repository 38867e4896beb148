"""Whom a directory reaches: its own people, found by who they are at the provider, and nobody else's (S-01, S-02)."""

from __future__ import annotations

import asyncio
from typing import Any

from infra import ids
from infra.database import Database, Scope
from tenants.identity import accounts, role_repository
from tenants.identity.accounts import NewAccount
from tenants.identity.openid import repository as openid
from tests.asgi import Answer
from tests.services.api.directories import PATCH, TYPED, Directory, make_directory, person, refused
from tests.services.api.parties import Parties, first_key

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Xv7P7d1T3V1yqV2f3YQy8u5M8Q2m1o4a0b6c8d9e0f1"


def told(answer: Answer) -> Any:
    return answer.status, answer.headers["content-type"], answer.body


async def account(
    parties: Parties, database: Database, email: str, *, role: str | None = None, password: str | None = None
) -> Any:
    """Somebody of acme's in `live` who was let in by a person."""
    tenant = ids.read("ten", parties.ids["acme:live"])
    async with database.session(Scope.tenant(tenant)) as session:
        new = NewAccount(
            partner_id=ids.read("ptr", parties.ids["north"]),
            tenant_id=tenant,
            email=email,
            name="Somebody",
            password_hash=password,
            permissions=frozenset(),
        )
        made = await accounts.create(session, new, actor="test")
        if role is not None:
            known = await role_repository.roles(session)
            await role_repository.give(session, made, [next(one.role_id for one in known if one.slug == role)])
        await session.commit()
    return made


async def linked(directory: Directory, database: Database, made: Any, subject: str) -> None:
    """They have signed in at the directory's provider as `subject`."""
    async with database.session(Scope.tenant(made.tenant_id)) as session:
        values = {"partner_id": made.partner_id, "account_id": made.account_id, "tenant_id": made.tenant_id}
        provider = {"provider_id": ids.read("idp", directory.provider), "subject": subject}
        assert await openid.link(session, values | provider)
        await session.commit()


async def test_S_01_only_a_key_that_names_the_permission_enters(parties: Parties) -> None:
    directory = await make_directory(parties)
    user = await directory.made("maria")
    requests = (
        ("GET", "/ServiceProviderConfig", None),
        ("GET", "/Schemas", None),
        ("GET", "/Users", None),
        ("POST", "/Users", person("eva")),
        ("GET", f"/Users/{user}", None),
        ("PUT", f"/Users/{user}", person("maria", active=False)),
        ("PATCH", f"/Users/{user}", {"Operations": [{"op": "replace", "value": {"active": False}}]}),
        ("DELETE", f"/Users/{user}", None),
        ("GET", "/Groups", None),
        ("PATCH", f"/Groups/{await directory.group('Clerk')}", {"Operations": [{"op": "remove", "path": "members"}]}),
    )
    for caller, status in ((parties.acme, 403), (parties.north, 403), (parties.operator, 403), (parties.nobody, 401)):
        for method, path, body in requests:
            answer = await caller.send(method, f"/scim/v2{path}", body, headers=TYPED if body else None)
            refused(answer, status)
            assert ("www-authenticate" in answer.headers) is (status == 401)
    assert (await directory.get(f"/Users/{user}")).json["active"] is True
    assert (await directory.get("/Users")).json["totalResults"] == 1


async def test_S_02_another_directorys_people_and_groups_are_nobodys(parties: Parties) -> None:
    directory = await make_directory(parties)
    user = await directory.made("maria")
    role = {"slug": "night", "name": "Night shift", "permissions": ["runs:read"]}
    group = (await directory.caller.post("/v1/roles", role)).json["id"]
    nobody = {"user": ids.show("acc", ids.new()), "group": ids.show("rol", ids.new())}
    seen = [(await directory.get(path)).json for path in ("/Users", "/Groups")]
    off = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}
    for outsider in (
        await make_directory(parties, "north/acme/test"),
        await make_directory(parties, "north/sibling/live"),
        await make_directory(parties, "south/foreign/live"),
        await make_directory(parties, None),
    ):
        own = await outsider.made("maria")
        clerk = await outsider.group("Viewer")
        for kind, theirs in (("user", user), ("group", group)):
            for method, path, body in (
                ("GET", f"/{kind.title()}s/{{id}}", None),
                ("PUT", f"/{kind.title()}s/{{id}}", {"userName": "x", "members": []}),
                ("PATCH", f"/{kind.title()}s/{{id}}", off if kind == "user" else
                    {"Operations": [{"op": "add", "path": "members", "value": [{"value": own}]}]}),
                ("DELETE", f"/{kind.title()}s/{{id}}", None),
                ("GET", f'/{kind.title()}s?filter=id%20eq%20"{{id}}"', None),
            ):  # fmt: skip
                answers = [
                    await outsider.send(method, path.replace("{id}", one), body) for one in (theirs, nobody[kind])
                ]
                assert told(answers[0]) == told(answers[1]), (method, path)
                assert answers[0].status in {404, 405} or answers[0].json["totalResults"] == 0
        for op in ("add", "replace", "remove"):
            changes = [
                await outsider.patch(f"/Groups/{clerk}", {"op": op, "path": "members", "value": [{"value": one}]})
                for one in (user, nobody["user"])
            ]
            assert told(changes[0])[::2] == told(changes[1])[::2] if op != "remove" else changes[0].status == 204
        assert [one["id"] for one in (await outsider.get("/Users")).json["Resources"]] == [own]
    assert [(await directory.get(path)).json for path in ("/Users", "/Groups")] == seen


async def test_S_58_an_address_joins_nobody(parties: Parties, app_database: Database) -> None:
    directory = await make_directory(parties)
    local = await account(parties, app_database, "maria@acme.example", role="administrator", password=HASH)
    assert (await directory.get('/Users?filter=userName%20eq%20"maria@acme.example"')).json["totalResults"] == 0
    user = await directory.made("maria")
    assert user != accounts.shown(local)
    await directory.patch(f"/Users/{user}", {"op": "replace", "path": "active", "value": False})
    shown = (await directory.caller.get(f"/v1/people/{accounts.shown(local)}")).json
    assert (shown["status"], shown["has_password"], shown["name"]) == ("active", True, "Somebody")
    refused(await directory.get(f"/Users/{accounts.shown(local)}"), 404)


async def test_S_58_who_signed_in_before_is_found_by_the_subject(parties: Parties, app_database: Database) -> None:
    directory = await make_directory(parties)
    before = await account(parties, app_database, "old@acme.example", role="clerk")
    await linked(directory, app_database, before, "sub-maria")
    made = await directory.send("POST", "/Users", person("maria"))
    assert (made.status, made.json["id"]) == (201, accounts.shown(before)), made.body
    assert (made.json["emails"][0]["value"], made.json["displayName"]) == ("maria@acme.example", "Maria")
    assert [one["display"] for one in made.json["groups"]] == ["Clerk"]
    refused(await directory.send("POST", "/Users", person("maria")), 409, "uniqueness")


async def test_S_68_a_subject_who_holds_more_or_has_a_password_is_not_taken_over(
    parties: Parties, app_database: Database
) -> None:
    directory = await make_directory(parties)
    boss = await account(parties, app_database, "boss@acme.example", role="administrator")
    await linked(directory, app_database, boss, "sub-boss")
    local = await account(parties, app_database, "local@acme.example", password=HASH)
    await linked(directory, app_database, local, "sub-local")
    weak = directory.having(await first_key(parties.nobody, "north/acme/live", ["scim:write"]))
    refused(await weak.send("POST", "/Users", person("boss")), 403)
    refused(await directory.send("POST", "/Users", person("local")), 409, "uniqueness")
    assert (await directory.get("/Users")).json["totalResults"] == 0


async def test_S_06_a_disabled_clients_directory_stops_and_a_suspended_ones_reads(parties: Parties) -> None:
    directory = await make_directory(parties)
    user = await directory.made("maria")
    keyring = parties.nobody.app.app.state.resources.keyring
    assert (await parties.north.post("/v1/clients/acme/suspend", {"reason": "a test"})).status == 200
    keyring.forget()
    refused(await directory.send("POST", "/Users", person("eva")), 403)
    refused(await directory.patch(f"/Users/{user}", {"op": "replace", "path": "active", "value": False}), 403)
    assert (await directory.get(f"/Users/{user}")).json["active"] is True
    assert (await parties.north.post("/v1/clients/acme/resume")).status == 200
    assert (await parties.north.post("/v1/clients/acme/disable")).status == 200
    keyring.forget()
    refused(await directory.get("/Users"), 401)


async def test_S_69_no_header_gets_into_an_address(parties: Parties) -> None:
    directory = await make_directory(parties)
    named = ("x-forwarded-host", "forwarded", "x-forwarded-proto", "x-original-host")
    for number, header in enumerate(named):
        evil = "host=evil.example" if header == "forwarded" else "evil.example"
        made = await directory.send("POST", "/Users", person(f"maria-{number}"), **{header: evil})
        assert made.status == 201
        assert made.headers["location"].startswith("/scim/v2/Users/acc_")
        assert b"evil" not in made.body
    refused(await directory.send("POST", "/Users", person("eva"), host="evil.example"), 404)


async def test_without_a_provider_that_provisions_nothing_is(parties: Parties) -> None:
    held = ["scim:write", "providers:write", "people:read"]
    key = await first_key(parties.nobody, "north/acme/live", held)
    directory = Directory(parties.nobody.having(key), "")
    refused(await directory.get("/Users"), 409)
    refused(await directory.send("POST", "/Users", person("maria")), 409)
    body = {"name": "One", "issuer": "https://one.acme.example", "client_id": "x", "subject_claim": "oid"}
    made = await directory.caller.post("/v1/identity-providers", body)
    assert (made.json["subject_claim"], made.json["provisions"]) == ("oid", False), made.body
    wrong = await directory.caller.post("/v1/identity-providers", {**body, "subject_claim": "email"})
    assert (wrong.status, wrong.problem) == (422, "invalid-payload")


async def test_one_provider_of_a_scope_provisions_and_two_at_once_are_one(parties: Parties) -> None:
    directory = await make_directory(parties)
    await directory.made("maria")
    body = {"name": "Two", "issuer": "https://two.acme.example", "client_id": "x"}
    others = [(await directory.caller.post("/v1/identity-providers", body)).json["id"] for _ in range(3)]
    at = "/v1/identity-providers"
    answers = await asyncio.gather(*(directory.caller.post(f"{at}/{one}/provision") for one in others))
    assert [one.status for one in answers] == [200] * 3
    shown = (await directory.caller.get(at)).json["items"]
    assert sum(one["provisions"] for one in shown) == 1
    assert (await directory.get("/Users")).json["totalResults"] == 0, "the other directory's people are its own"
    assert (await directory.caller.post(f"{at}/{directory.provider}/provision")).json["provisions"] is True
    assert (await directory.get("/Users")).json["totalResults"] == 1


async def test_of_many_equal_people_at_once_one_is_made(parties: Parties) -> None:
    directory = await make_directory(parties)
    answers = await asyncio.gather(*(directory.send("POST", "/Users", person("maria")) for _ in range(8)))
    assert sorted(one.status for one in answers) == [201] + [409] * 7
    assert len((await directory.caller.get("/v1/people")).json["items"]) == 1, "no account is left behind"


async def test_of_two_who_saw_the_same_person_one_changes_them(parties: Parties) -> None:
    directory = await make_directory(parties)
    user = await directory.made("maria")
    tag = (await directory.get(f"/Users/{user}")).headers["etag"]
    answers = await asyncio.gather(
        *(
            directory.patch(f"/Users/{user}", {"op": "replace", "path": "displayName", "value": f"M {n}"}, if_match=tag)
            for n in range(6)
        )
    )
    assert sorted(one.status for one in answers) == [200] + [412] * 5
