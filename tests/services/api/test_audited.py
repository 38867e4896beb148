"""A17, S-87: whatever changes something leaves a row with its actor, walked from the application's own route table."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from infra import ids
from infra.database import Database
from services.api.policy import PREFIX
from tenants.identity.permissions import DEFAULTS
from tenants.identity.permissions import Scope as KeyScope
from tests.asgi import Answer, Caller
from tests.house.tree import ROOT
from tests.services.api.audit_log import Log
from tests.services.api.deeds import DEEDS, ELSEWHERE, Deed
from tests.services.api.directories import is_refused, make_directory
from tests.services.api.parties import Parties, holding_all, id_of, make_key
from tests.services.api.things import Things
from tests.services.api.walk import Routes, knock


def filled(given: Any, known: dict[str, str]) -> Any:
    """With what `{names}` in it stand for."""
    told = re.sub(r"{([a-z_]+)}", lambda match: known[match[1]], msgspec.json.encode(given).decode())
    return msgspec.json.decode(told)


async def do(deed: Deed, caller: Caller, known: dict[str, str]) -> Answer:
    body = None if deed.body is None else filled(deed.body, known)
    return await caller.send(deed.method, filled(deed.path, known), body, headers=deed.headers, raw=deed.raw)


def route_of(deed: Deed, routes: set[str]) -> str:
    """The one that answers it."""
    path = deed.path.partition("?")[0]
    forms = {one: re.sub(r"{[a-z_]+}", "[^/]+", one) for one in routes}
    found = [one for one, form in forms.items() if re.fullmatch(form, f"{deed.method} {path}")]
    return max(found, key=lambda one: -one.count("{"))


def changing(routes: Routes) -> set[str]:
    """Those that are no read. Both paths of a tenant's have one handler, and are one here."""
    return {f"{method} {path.replace(PREFIX, '/v1')}" for method, path, _ in routes if method != "GET"}


async def test_A17_S_87_whatever_changes_something_leaves_a_row_with_its_actor(
    parties: Parties, things: Things, routes: Routes, app_database: Database
) -> None:
    everybody = await holding_all(parties)
    directory = (await make_directory(parties)).caller
    callers = {"operator": parties.operator, "north": everybody.north, "acme": everybody.acme, "directory": directory}
    actors = {who: f"key:{await id_of(caller)}" for who, caller in callers.items()}
    known = things.values | {"sibling": parties.ids["sibling"], "west": "west", "acme": parties.ids["acme"]}
    log = Log(app_database, ids.read("ten", parties.ids["acme:live"]))
    await log.new()
    asked = changing(routes)
    left = asked - set(ELSEWHERE)
    for deed in DEEDS:
        answer = await do(deed, callers[deed.who], known)
        assert answer.status < 300, (deed.method, deed.path, answer.body)
        rows = await log.new()
        told = (actors[deed.who], deed.action)
        assert told in rows if deed.action else rows == [], (deed.method, deed.path, told, rows)
        assert {actor for actor, _ in rows} <= {told[0], "engine"}, (deed.method, deed.path, rows)
        if deed.keeps:
            known[deed.keeps] = answer.json["token" if deed.keeps == "token" else "id"]
        left.discard(route_of(msgspec.structs.replace(deed, path=as_own(deed.path)), asked))
    assert left == set(), "a route that changes something and was not asked: it takes a deed"
    for route, (file, action) in ELSEWHERE.items():
        assert route in asked, route
        assert action in (ROOT / file).read_text(), (route, file)


def as_own(path: str) -> str:
    return path.replace("/v1/clients/acme/live/", "/v1/")


async def test_S_87_whoever_may_not_leaves_a_row_for_each_route(
    parties: Parties, things: Things, routes: Routes
) -> None:
    reads = sorted(one for one in DEFAULTS[KeyScope.CLIENT] if one.endswith(":read"))
    reader = parties.nobody.having(await make_key(parties.acme, permissions=reads))
    wanted = set()
    for method, template, rule in routes:
        if method == "GET" or rule.is_public:
            continue
        is_refused(await knock(reader, method, things.path(template)), 403, "forbidden")
        wanted.add(f"{method} {template}")
    query, found = f"action=access.denied&actor=key:{await id_of(reader)}&limit=200", set()
    page = (await parties.acme.get(f"/v1/audit?{query}")).json
    while page["items"]:
        found |= {one["target"] for one in page["items"]}
        if page["next"] is None:
            break
        page = (await parties.acme.get(f"/v1/audit?{query}&cursor={page['next']}")).json
    assert found == wanted
    assert len(wanted) > 150
