"""A partner's own host for the API: the API under its name, and nobody else's there (S-07, S-98)."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from infra import settings
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tests.asgi import Answer, Caller
from tests.services.api.parties import id_of
from tests.services.portal.conftest import complete_settings
from tests.services.portal.visitors import NORTH, House, Visitor, change

HOST = "api.north.example"
OPERATORS = "api.waybill.example"
FORM = {"content_type": "application/x-www-form-urlencoded"}


class ApiHost:
    """`HOST` as a program calls it."""

    def __init__(self, caller: Caller, house: House) -> None:
        self._caller = caller
        self._house = house

    async def call(
        self, method: str, path: str, key: str | None = None, raw: str | None = None, host: str = HOST, **headers: str
    ) -> Answer:
        """`key`: whose, by name, or the text of a bearer."""
        sent = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        bearer = None if key is None else self._house.keys.get(key, key)
        body = None if raw is None else raw.encode()
        return await self._caller.having(bearer).send(method, path, raw=body, headers=sent)

    async def ask(self, name: str, host: str = HOST, *, basic: bool = False) -> Answer:
        """The token route there, with the key of `name`."""
        key = self._house.keys[name]
        form = {"grant_type": "client_credentials"}
        client = {"client_id": await id_of(self._caller.having(key)), "client_secret": key}
        if not basic:
            return await self.call("POST", "/v1/oauth/token", raw=urlencode(form | client), host=host, **FORM)
        pair = base64.b64encode(":".join(client.values()).encode()).decode()
        more = {**FORM, "authorization": f"Basic {pair}"}
        return await self.call("POST", "/v1/oauth/token", raw=urlencode(form), host=host, **more)


def claims(token: str) -> Any:
    part = token.split(".")[1]
    return msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.fixture
def portal_settings(endpoints: Endpoints, tmp_path: Path) -> settings.Settings:
    """As the operator sets them who has a name: no partner's client may ever see it."""
    return complete_settings(endpoints, tmp_path, WAYBILL_API_HOSTS=f"{OPERATORS},127.0.0.1")


@pytest.fixture
async def api(house: House, app_database: Database) -> ApiHost:
    async with app_database.session(Scope.operator()) as session:
        partner = await organizations.find_partner(session, "north")
        await branding.add_host(session, partner, HOST, actor="test", use="api")
        await session.commit()
    return ApiHost(house.operator, house)


async def test_a_partners_host_answers_its_own_keys(api: ApiHost) -> None:
    for key in ("north", "acme"):
        assert (await api.call("GET", "/v1/me", key)).status == 200
    assert (await api.call("GET", "/v1/runs", "acme")).status == 200
    assert (await api.call("GET", "/v1/me")).status == 401


async def test_S_07_keys_of_others_are_unknown_there(api: ApiHost) -> None:
    for key in ("south", "foreign", "operator"):
        known = await api.call("GET", "/v1/me", key)
        assert (known.status, known.problem) == (401, "unauthorized"), key
        nobodys = await api.call("GET", "/v1/me", "x")
        assert known.json["detail"] == nobodys.json["detail"]


@pytest.mark.parametrize("basic", [False, True])
async def test_S_07_keys_of_others_get_no_token_there(api: ApiHost, house: House, *, basic: bool) -> None:
    for name in ("north", "acme"):
        assert (await api.ask(name, basic=basic)).status == 200, name
    wrong = f"grant_type=client_credentials&client_id=x&client_secret={house.keys['acme']}"
    nobodys = (await api.call("POST", "/v1/oauth/token", raw=wrong, **FORM)).json["error_description"]
    for name in ("south", "foreign", "operator"):
        known = await api.ask(name, basic=basic)
        assert (known.status, known.json["error"]) == (401, "invalid_client"), name
        assert known.json["error_description"] == nobodys
        assert (await api.ask(name, OPERATORS, basic=basic)).status == 200, name
    # Only what was issued is written down: one token of `foreign`, from where its key is known.
    log = (await house.operator.having(house.keys["foreign"]).get("/v1/audit?action=token.issued")).json["items"]
    assert len(log) == 1


async def test_S_07_S_62_a_token_is_of_the_host_that_it_was_got_at(api: ApiHost, app_database: Database) -> None:
    other = "api2.north.example"
    async with app_database.session(Scope.operator()) as session:
        partner = await organizations.find_partner(session, "north")
        await branding.add_host(session, partner, other, actor="test", use="api")
        await session.commit()
    hosts = (HOST, other, OPERATORS)
    for name in ("north", "acme"):
        for got_at in hosts:
            token = (await api.ask(name, got_at)).json["access_token"]
            told = claims(token)
            assert told["iss"] == told["aud"] == f"https://{got_at}"
            for used_at in hosts:
                answer = await api.call("GET", "/v1/me", token, host=used_at)
                assert answer.status == (200 if used_at == got_at else 401), (name, got_at, used_at)
    # Nor does the port or the spelling of a name make another host of it.
    token = (await api.ask("acme", "API.North.Example:443")).json["access_token"]
    assert claims(token)["iss"] == f"https://{HOST}"
    assert (await api.call("GET", "/v1/me", token)).status == 200


async def test_where_tokens_are_got_is_the_host_that_was_asked(api: ApiHost) -> None:
    """RFC 8414, section 3.3: who asks refuses an issuer that is not the one that it asked."""
    for host in (HOST, OPERATORS):
        told = (await api.call("GET", "/.well-known/oauth-authorization-server", host=host)).json
        assert told["issuer"] == f"https://{host}"
        assert told["token_endpoint"] == f"https://{host}/v1/oauth/token"


async def test_a_session_of_the_portal_counts_for_nothing_there(api: ApiHost, house: House) -> None:
    entered: Visitor = await house.north.signed_in()
    there = await entered.at(HOST).get("/v1/me")
    assert there.status == 401
    assert (await api.call("POST", "/portal/session")).status == 404
    assert (await api.call("GET", "/")).problem == "not-found"


async def test_S_98_no_page_of_any_site_may_call_it_with_a_browser(api: ApiHost, house: House) -> None:
    for origin in (f"https://{house.north.host}", f"https://{HOST}.evil.example", f"https://evil{HOST}", "null", "*"):
        for method in ("OPTIONS", "GET"):
            answer = await api.call(
                method,
                "/v1/me",
                "acme",
                origin=origin,
                access_control_request_method="GET",
                sec_fetch_site="cross-site",
            )
            assert not [name for name in answer.headers if name.startswith("access-control")], (origin, method)
    clerk = await house.north.signed_in()
    for origin in (f"https://{HOST}", "http://portal.south.example", f"http://evil.{NORTH}", "null", clerk.origin):
        for method, path in (("OPTIONS", "/v1/runs"), ("GET", "/v1/runs"), ("GET", "/portal/session"), ("GET", "/")):
            answer = await clerk.send(method, path, origin=origin, access_control_request_method="GET")
            assert not [name for name in answer.headers if name.startswith("access-control")], (origin, path)


async def test_the_products_name_is_nowhere_on_a_partners_host(api: ApiHost) -> None:
    answers = [
        await api.call("GET", path, "north")
        for path in (
            "/v1/me",
            "/v1/openapi.json",
            "/v1/asyncapi.json",
            "/problems/not-found",
            "/problems/invalid-client",
            "/v1/nothing",
            "/docs",
            "/v1/clients",
            "/.well-known/oauth-authorization-server",
        )
    ]
    answers += [await api.ask(name) for name in ("north", "acme", "south", "operator")]
    said = [claims(one.json["access_token"]) for one in answers[-4:-2]]
    assert not re.search("waybill", repr(said), re.IGNORECASE), said
    answers.append(await api.call("POST", "/v1/oauth/token", raw="x=1", **FORM))
    for answer in answers:
        told = answer.body + repr(answer.headers).encode()
        assert not re.search(rb"waybill", told, re.IGNORECASE), told[:2000]


async def test_a_host_that_was_taken_away_is_nobodys(api: ApiHost, house: House, app_database: Database) -> None:
    assert (await api.call("GET", "/v1/me", "acme")).status == 200
    await change(app_database, Scope.operator(), "DELETE FROM app.portal_host WHERE host = :host", host=HOST)
    house.operator.app.portal.brands.forget()
    gone = await api.call("GET", "/v1/me", "acme")
    assert (gone.status, gone.problem) == (404, "not-found")
