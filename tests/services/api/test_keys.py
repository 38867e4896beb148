from __future__ import annotations

import asyncio
import re

import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from tenants.identity.permissions import ALLOWED, DEFAULTS, Permission
from tenants.identity.permissions import Scope as KeyScope
from tests.asgi import Caller
from tests.services.api.parties import Parties, id_of, make_key


def forget(caller: Caller) -> None:
    """As two seconds later."""
    caller.app.app.state.resources.keyring.forget()


async def test_S_65_a_key_has_a_form_that_scanners_find_and_is_kept_as_a_digest(
    parties: Parties, app_database: Database
) -> None:
    key = parties.acme.key or ""
    assert re.fullmatch(r"pk_[0-9a-hjkmnp-tv-z]{26}_[a-z2-7]{52}", key)
    async with app_database.session(Scope.operator()) as session:
        rows = (await session.execute(text("SELECT k::text FROM app.api_key k"))).scalars().all()
    assert len(rows) > 5
    assert not [row for row in rows if key[30:] in row]


async def test_a_keys_text_is_shown_once(parties: Parties) -> None:
    made = await parties.north.post("/v1/keys", {"name": "once"})
    secret = made.json["key"][30:]
    shown = [
        await parties.north.get("/v1/keys"),
        await parties.north.get(f"/v1/keys/{made.json['id']}"),
        await parties.operator.get("/v1/keys"),
        await parties.north.post(f"/v1/keys/{made.json['id']}/revoke"),
    ]
    assert all(answer.status == 200 and secret not in answer.body.decode() for answer in shown)


async def test_defaults_follow_the_scope(parties: Parties) -> None:
    for caller, scope in (
        (parties.operator, KeyScope.OPERATOR),
        (parties.north, KeyScope.PARTNER),
        (parties.acme, KeyScope.CLIENT),
    ):
        me = (await caller.get("/v1/me")).json
        assert (me["scope"], me["permissions"]) == (scope, sorted(DEFAULTS[scope]))
    me = (await parties.acme.get("/v1/me")).json
    assert (me["partner"]["slug"], me["client"]["slug"], me["environment"]) == ("north", "acme", "live")


async def test_each_sees_its_own_keys_and_those_below(parties: Parties) -> None:
    async def names(caller: Caller, query: str = "") -> set[str]:
        return {one["id"] for one in (await caller.get(f"/v1/keys{query}")).json["items"]}

    north, acme, test = await id_of(parties.north), await id_of(parties.acme), await id_of(parties.acme_test)
    sibling, south = await id_of(parties.sibling), await id_of(parties.south)
    assert await names(parties.acme) == {acme}
    assert await names(parties.north) == {north, acme, test, sibling}
    assert await names(parties.north, "?client=acme") == {acme, test}
    assert await names(parties.north, "?scope=partner") == {north}
    assert await names(parties.operator, "?partner=south&scope=partner") == {south}
    assert {north, acme, south} < await names(parties.operator)
    assert (await parties.north.get("/v1/keys?partner=south")).status == 404
    assert (await parties.north.get("/v1/keys?client=foreign")).status == 404


@pytest.mark.parametrize(
    ("maker", "body", "status"),
    [
        ("acme", {"partner": "north"}, 404),
        ("acme", {"partner": "south"}, 404),
        ("acme", {"client": "sibling", "environment": "live"}, 404),
        ("acme", {"client": "acme", "environment": "test"}, 404),
        ("acme", {"client": "acme", "environment": "live"}, 201),
        ("north", {"partner": "south"}, 404),
        ("north", {"client": "foreign", "environment": "live"}, 404),
        ("north", {"client": "acme", "environment": "live", "permissions": ["keys:issue"]}, 403),
        ("north", {"client": "acme", "environment": "live", "permissions": ["partners:write"]}, 403),
        ("north", {"client": "acme", "environment": "live", "permissions": ["payloads:read"]}, 403),
        ("north", {"client": "acme", "environment": "live", "permissions": ["webhooks:write"]}, 403),
        ("north", {"client": "acme", "environment": "live", "permissions": ["runs:read", "keys:write"]}, 201),
        ("north", {"permissions": ["partners:write"]}, 403),
        ("north", {"permissions": ["payloads:read"]}, 403),
        ("north", {"permissions": ["events:write"]}, 403),
        ("acme", {"permissions": ["keys:issue"]}, 403),
        ("acme", {"permissions": ["clients:write"]}, 403),
        ("operator", {"partner": "north", "permissions": ["events:write"]}, 201),
        ("operator", {"partner": "north", "permissions": ["payloads:read"]}, 403),
        ("operator", {"permissions": ["runs:read"]}, 403),
        ("operator", {"partner": "north", "client": "acme", "environment": "live"}, 403),
        ("acme", {"permissions": ["root"]}, 422),
        ("acme", {"permissions": []}, 422),
        ("acme", {"scope": "operator"}, 422),
        ("acme", {"tenant_id": "x"}, 422),
        ("north", {"client": "acme"}, 422),
        ("north", {"environment": "live"}, 422),
        ("acme", {"expires_in": 0}, 422),
    ],
)
async def test_S_68_nobody_grants_what_they_lack(
    parties: Parties, maker: str, body: dict[str, object], status: int
) -> None:
    caller: Caller = getattr(parties, maker)
    before = (await parties.operator.get("/v1/keys?limit=200")).json["items"]
    answer = await caller.post("/v1/keys", {"name": "more", **body})
    assert answer.status == status, answer.body
    after = (await parties.operator.get("/v1/keys?limit=200")).json["items"]
    assert len(after) - len(before) == (status == 201)


async def test_S_68_a_narrowed_key_cannot_make_a_wider_one(parties: Parties) -> None:
    narrow = parties.nobody.having(await make_key(parties.acme, permissions=["keys:write", "runs:read"]))
    child = parties.nobody.having(await make_key(narrow))
    assert (await child.get("/v1/me")).json["permissions"] == ["keys:write", "runs:read"]
    wider = await narrow.post("/v1/keys", {"name": "wider", "permissions": ["events:write"]})
    assert (wider.status, wider.problem, wider.json["permissions"]) == (403, "not-yours-to-grant", ["events:write"])
    # Rotating a stronger key would hand its successor to the weaker one.
    rotated = await narrow.post(f"/v1/keys/{await id_of(parties.acme)}/rotate", {})
    assert rotated.status == 403
    issuer = parties.nobody.having(await make_key(parties.north, permissions=["keys:write"]))
    below = await issuer.post("/v1/keys", {"name": "x", "client": "acme", "environment": "live"})
    assert (below.status, below.problem) == (403, "not-yours-to-grant")


async def test_S_65_a_revoked_key_stops_and_revoking_is_repeatable(parties: Parties) -> None:
    key = parties.nobody.having(await make_key(parties.acme))
    key_id = await id_of(key)
    first = await parties.acme.post(f"/v1/keys/{key_id}/revoke")
    forget(key)
    assert (await key.get("/v1/me")).status == 401
    again = await parties.acme.post(f"/v1/keys/{key_id}/revoke")
    assert (first.json["status"], again.json) == ("revoked", first.json)
    assert (await parties.acme.post(f"/v1/keys/{key_id}/rotate", {})).problem == "key-not-live"
    records = (await parties.acme.get(f"/v1/audit?target={key_id}")).json["items"]
    assert [one["action"] for one in records] == ["key.revoked", "key.created"]


async def test_a_rotated_key_overlaps_with_its_successor(parties: Parties, app_database: Database) -> None:
    old = parties.nobody.having(
        await make_key(parties.north, client="acme", environment="live", permissions=["runs:read"])
    )
    old_id = await id_of(old)
    made = (await parties.north.post(f"/v1/keys/{old_id}/rotate", {"overlap_seconds": 60})).json
    new = parties.nobody.having(made["key"])
    assert (made["permissions"], made["expires_at"], made["name"]) == (["runs:read"], None, "test")
    assert (await old.get("/v1/me")).status == (await new.get("/v1/me")).status == 200
    async with app_database.session(Scope.tenant(ids.read("ten", parties.ids["acme:live"]))) as session:
        seconds = await session.execute(
            text("SELECT extract(epoch FROM expires_at - clock_timestamp()) FROM app.api_key WHERE key_id = :key"),
            {"key": ids.read("key", old_id)},
        )
    assert 50 < seconds.scalar_one() <= 60
    at_once = (await parties.north.post(f"/v1/keys/{made['id']}/rotate", {"overlap_seconds": 0})).json
    forget(new)
    assert (await new.get("/v1/me")).status == 401
    assert (await parties.north.get(f"/v1/keys/{made['id']}")).json["status"] == "expired"
    assert (await parties.nobody.having(at_once["key"]).get("/v1/me")).status == 200
    for wrong in (-1, 10**9, "1", 1.5):
        refused = await parties.north.post(f"/v1/keys/{at_once['id']}/rotate", {"overlap_seconds": wrong})
        assert refused.status == 422, wrong


async def test_two_rotations_at_once_follow_each_other(parties: Parties) -> None:
    key_id = (await parties.north.post("/v1/keys", {"name": "twin"})).json["id"]
    answers = await asyncio.gather(
        *(parties.north.post(f"/v1/keys/{key_id}/rotate", {"overlap_seconds": 0}) for _ in range(4))
    )
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]


async def test_a_successor_has_its_originals_own_end(parties: Parties) -> None:
    made = (await parties.north.post("/v1/keys", {"name": "brief", "expires_in": 3600})).json
    successor = (await parties.north.post(f"/v1/keys/{made['id']}/rotate", {"overlap_seconds": 60})).json
    assert successor["expires_at"] == made["expires_at"]
    endless = (await parties.north.post("/v1/keys", {"name": "endless"})).json
    second = (await parties.north.post(f"/v1/keys/{endless['id']}/rotate", {})).json
    third = (await parties.north.post(f"/v1/keys/{second['id']}/rotate", {})).json
    assert [endless["expires_at"], second["expires_at"], third["expires_at"]] == [None] * 3


async def test_a_key_is_rotated_once_even_within_the_overlap(parties: Parties) -> None:
    made = (await parties.north.post("/v1/keys", {"name": "endless"})).json
    assert (await parties.north.post(f"/v1/keys/{made['id']}/rotate", {})).status == 201
    again = await parties.north.post(f"/v1/keys/{made['id']}/rotate", {})
    assert (again.status, again.problem) == (409, "key-already-rotated")
    assert (await parties.north.get(f"/v1/keys/{made['id']}")).json["status"] == "live"


async def test_S_68_a_key_that_ends_makes_none_that_outlives_it(parties: Parties) -> None:
    brief = await parties.north.post("/v1/keys", {"name": "brief", "expires_in": 3600})
    maker, end = parties.nobody.having(brief.json["key"]), brief.json["expires_at"]
    assert (await maker.post("/v1/keys", {"name": "as long"})).json["expires_at"] == end
    assert (await maker.post("/v1/keys", {"name": "shorter", "expires_in": 60})).json["expires_at"] < end
    below = {"client": "acme", "environment": "live"}
    assert (await maker.post("/v1/keys", {"name": "below", **below})).json["expires_at"] == end
    longer = await maker.post("/v1/keys", {"name": "longer", "expires_in": 7200})
    assert (longer.status, longer.problem) == (403, "not-yours-to-grant")
    endless = (await parties.north.post("/v1/keys", {"name": "endless"})).json
    for key_id in (endless["id"], await id_of(parties.acme)):
        refused = await maker.post(f"/v1/keys/{key_id}/rotate", {})
        assert (refused.status, refused.problem) == (403, "not-yours-to-grant")
    own = await maker.post(f"/v1/keys/{brief.json['id']}/rotate", {"overlap_seconds": 60})
    assert own.json["expires_at"] == end
    # In its overlap a key ends soon, and so does what it makes.
    forget(maker)
    assert (await maker.post("/v1/keys", {"name": "late"})).json["expires_at"] < end


async def test_S_68_the_last_operator_key_cannot_revoke_itself(operator: Caller) -> None:
    own = await id_of(operator)
    refused = await operator.post(f"/v1/keys/{own}/revoke")
    assert (refused.status, refused.problem) == (409, "last-operator-key")
    second = operator.having(await make_key(operator))
    assert (await operator.post(f"/v1/keys/{own}/revoke")).status == 200
    assert (await second.post(f"/v1/keys/{await id_of(second)}/revoke")).status == 409


async def test_S_68_two_operator_keys_cannot_end_each_other_at_once(operator: Caller) -> None:
    second = operator.having(await make_key(operator))
    mine, theirs = await id_of(operator), await id_of(second)
    answers = await asyncio.gather(operator.post(f"/v1/keys/{theirs}/revoke"), second.post(f"/v1/keys/{mine}/revoke"))
    assert sorted(answer.status for answer in answers) == [200, 409]


async def test_an_operator_revokes_a_clients_leaked_key_in_the_clients_own_log(parties: Parties) -> None:
    key_id = (await parties.acme.post("/v1/keys", {"name": "leaked"})).json["id"]
    assert (await parties.operator.post(f"/v1/keys/{key_id}/revoke")).status == 200
    record = (await parties.acme.get(f"/v1/audit?target={key_id}&action=key.revoked")).json["items"][0]
    assert record["actor"] == f"key:{await id_of(parties.operator)}"


def test_every_permission_reaches_somebody() -> None:
    assert set(Permission) == set().union(*ALLOWED.values())
