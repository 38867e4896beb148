"""S-01, counted: every route is asked by everybody, and answers as its row says; none of the pairs is left out."""

from __future__ import annotations

import re

from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from services.api.policy import PREFIX
from tests.asgi import Answer, Caller
from tests.services.api.directories import is_refused
from tests.services.api.everybody import IDENTITIES, Somebody, expected, living, suspended
from tests.services.api.parties import Parties, holding_all, id_of, make_key
from tests.services.api.test_conditions import OTHER_VERSION
from tests.services.api.things import CANARY, Things
from tests.services.api.unpacked import text_of
from tests.services.api.walk import KINDS, PLAIN, Route, Routes, outcome

ENTERED = {200, 201, 202, 204, 400, 409, 412, 415, 422}
# What is asked for is not there, though whoever asks may: no client was deleted, and no directory provisions.
NOT_THERE = {"/v1/clients/{client}/certificate", "/scim/v2/Users/{user}", "/scim/v2/Groups/{group}"}
# Of what is no longer there after it was done once.
ONCE = {"/v1/mail-suppressions/{suppression}/lift"}
DOING = ("/disable", "/enable", "/lift")
"""Changes that no body and no version holds back: done last."""


def test_S_01_every_name_in_a_path_is_an_ids_or_is_known_to_be_none(routes: Routes) -> None:
    """Else a new kind of thing would be walked by nobody."""
    assert {name for _, path, _ in routes for name in re.findall(r"{(\w+)}", path)} == KINDS.keys() | PLAIN


async def test_S_01_S_06_every_route_by_everybody_is_as_its_row_says(
    parties: Parties, things: Things, routes: Routes, app_database: Database
) -> None:
    private = sorted((one for one in routes if not one[2].is_public), key=_order)
    everybody = await holding_all(parties)
    unknown = outcome(await everybody.acme.get("/v1/clients/nobody-has-this/live/runs"))
    walked: list[tuple[str, str, str]] = []

    async def walk(*people: Somebody) -> None:
        for who in people:
            for number, route in enumerate(private):
                check(who, route, await _ask(who, route, number, things), unknown)
                walked.append((*route[:2], who.name))
                if route[1].endswith("/disable") and who.is_within:
                    await _enable_again(everybody)

    await walk(*living(everybody, *await _ended(everybody, app_database)))
    assert (await everybody.north.post("/v1/clients/acme/suspend", {"reason": "a test"})).status == 200
    _forget(everybody)
    await walk(*suspended(everybody))
    assert (await everybody.north.post("/v1/clients/acme/resume")).status == 200
    assert (await everybody.north.post("/v1/clients/acme/disable")).status == 200
    _forget(everybody)
    await walk(Somebody("the client, disabled", everybody.acme, None))
    assert len({name for _, _, name in walked}) == IDENTITIES
    assert len(set(walked)) == len(walked) == IDENTITIES * len(private), "each pair, once"
    assert len(private) > 300


def _order(route: Route) -> tuple[bool, bool, str]:
    method, path, _ = route
    return method != "GET", path.endswith(DOING), path


async def _ended(everybody: Parties, database: Database) -> tuple[Caller, Caller]:
    expired, revoked = [everybody.nobody.having(await make_key(everybody.acme)) for _ in range(2)]
    ended = (await id_of(expired), await id_of(revoked))
    await everybody.acme.post(f"/v1/keys/{ended[1]}/revoke")
    async with database.session(Scope.tenant(ids.read("ten", everybody.ids["acme:live"]))) as session:
        await session.execute(
            text("UPDATE app.api_key SET expires_at = clock_timestamp() WHERE key_id = :key"),
            {"key": ids.read("key", ended[0])},
        )
        await session.commit()
    _forget(everybody)
    return expired, revoked


def _forget(everybody: Parties) -> None:
    """As some seconds later."""
    everybody.nobody.app.app.state.resources.keyring.forget()
    everybody.nobody.app.app.state.directory.forget()


async def _enable_again(everybody: Parties) -> None:
    await everybody.operator.post("/v1/partners/north/enable")
    _forget(everybody)
    await everybody.north.post("/v1/clients/acme/enable")
    _forget(everybody)


async def _ask(who: Somebody, route: Route, number: int, things: Things) -> Answer:
    method, template, _ = route
    # Whoever has no key is slowed down after a while, by where they come from.
    caller = who.caller.by(f"198.51.{number // 200}.{number % 200}") if who.scope is None else who.caller
    return await caller.send(
        method,
        things.path(template, **who.named),
        {} if method in {"POST", "PATCH", "PUT"} else None,
        headers={"if-match": OTHER_VERSION} if method != "GET" else {},
    )


def check(who: Somebody, route: Route, answer: Answer, unknown: object) -> None:
    """The answer is the one that the row of the route has for `who`."""
    method, template, rule = route
    told = (who.name, method, template, answer.status, answer.body[:300])
    match expected(who, method, template, rule):
        case "unknown":
            is_refused(answer, 401, "unauthorized")
        case "wrong scope" | "not permitted":
            is_refused(answer, 403, "forbidden")
        case "grant needed":
            is_refused(answer, 403, "client-grant-needed")
        case "suspended":
            is_refused(answer, 403, "client-suspended")
        case "no such tenant":
            # South's own path without a prefix is none either: a partner names the client.
            assert answer.status == 404, told
            assert not template.startswith(PREFIX) or outcome(answer) == unknown, told
        case "no such thing":
            # That it is answered as what nobody has: test_S_02_a_things_id_in_another_tenant.
            assert answer.status in {404, 409, 422}, told
        case "enters":
            missing = template in NOT_THERE or (template in ONCE and method == "POST")
            assert answer.status in (ENTERED | {404} if missing else ENTERED), told
    if not who.is_within:
        assert CANARY not in text_of(answer), told
