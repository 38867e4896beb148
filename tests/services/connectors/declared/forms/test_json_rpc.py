"""Operations over JSON-RPC as Odoo speaks it: a key in the body or a session's cookie, and errors in answers of 200."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.connectors.simulators.http import Answered
from services.engine.functions import Done, Failed, Later
from tests.services.connectors.declared.conftest import Meet
from tests.services.connectors.declared.forms.odoo import DATABASE, PARTNERS, UID, USER, Odoo
from tests.services.connectors.declared.other import SECRET, manifest, operation, path_of, said

SETTINGS = {"properties": {name: {"title": name, "type": "string"} for name in ("database", "user")}}
GIVEN = {"database": DATABASE, "user": USER}
DATABASE_OF, USER_OF, KEY_OF = {"setting": "database"}, {"setting": "user"}, {"secret": "token"}
COMMON = {"service": "common", "method": "authenticate", "args": [DATABASE_OF, USER_OF, KEY_OF, {}]}
BY_KEY = {
    "kind": "body",
    "login": {"path": "jsonrpc", "body": {"jsonrpc": "2.0", "id": 1, "method": "call", "params": COMMON}},
    "put": {"/params/args/0": DATABASE_OF, "/params/args/1": {"login": "/result"}, "/params/args/2": KEY_OF},
}
WEB = {"db": DATABASE_OF, "login": USER_OF, "password": KEY_OF}
BY_SESSION = {
    "kind": "session",
    "cookie": "session_id",
    "login": {"path": "web/session/authenticate", "body": {"jsonrpc": "2.0", "params": WEB}},
}
ASKED = ["res.partner", "search_read", [[["name", "=", "${ .name }"]]], {"limit": 1}]
EXECUTE = {"service": "object", "method": "execute_kw", "args": [None, None, None, *ASKED]}
CALL_KW = dict(zip(("model", "method", "args", "kwargs"), ASKED, strict=True))
RULES = [
    {"code": [100, "odoo.exceptions.AccessDenied"], "class": "reconnect"},
    {"code": "odoo.exceptions.AccessError", "class": "refuse", "change": "scopes"},
    {"code": "psycopg2.errors.SerializationFailure", "class": "retry"},
]


def _document(authentication: dict[str, Any], path: str, params: dict[str, Any]) -> dict[str, Any]:
    request = {"path": path, "json_rpc": {"method": "call", "params": params}}
    part = operation(request=request, answer="${ .[0] }", scopes=["Contacts / Read"])
    return manifest(authentication=authentication, settings=SETTINGS, errors=RULES, operations={"partners.read": part})


WAYS = {
    "key": _document(BY_KEY, "jsonrpc", EXECUTE),
    "session": _document(BY_SESSION, "web/dataset/call_kw", CALL_KW),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_call_goes_out_with_a_login_that_is_made_once(meet: Meet, way: str) -> None:
    odoo = Odoo()
    other, desk = await meet(WAYS[way], odoo, **GIVEN)
    for _ in range(2):
        assert await desk.call("partners.read", {"name": "Example 2"}) == Done(output=PARTNERS[1])
    assert (odoo.logins, len(other.asked)) == (1, 3)
    if way == "key":
        assert json.loads(other.last.body)["params"]["args"][:3] == [DATABASE, UID, SECRET]
    else:
        assert SECRET not in other.last.body.decode()


@pytest.mark.parametrize("way", WAYS)
async def test_what_ended_is_begun_anew_once_and_credentials_that_are_wrong_are_told(meet: Meet, way: str) -> None:
    odoo = Odoo()
    other, desk = await meet(WAYS[way], odoo, **GIVEN)
    odoo.raises = (100, "odoo.http.SessionExpiredException")
    assert isinstance(await desk.call("partners.read", {"name": "Example 1"}), Done)
    assert odoo.logins == 2
    desk.change(settings={**desk.connection.settings, "user": "nobody"}, revision=2)
    refused = await desk.call("partners.read", {"name": "Example 1"})
    assert isinstance(refused, Failed)
    assert (refused.error.title, refused.sent) == ("The credentials are refused", False)
    assert "look at the setting `database` and" in refused.error.detail
    assert "`user`" in refused.error.detail
    assert SECRET not in repr(refused)
    assert path_of(other.last) in {"/api/jsonrpc", "/api/web/session/authenticate"}, "no call without a login"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ((200, "odoo.exceptions.AccessError"), "Give the account behind the connection the rights Contacts / Read"),
        ((200, "odoo.exceptions.UserError"), "It refused: odoo.exceptions.UserError it is"),
        ((200, "psycopg2.errors.SerializationFailure"), "waits: it answered with an error: psycopg2"),
        ((-32603, ""), "waits: it answered with an error"),
    ],
)
async def test_the_codes_of_errors_are_of_the_four_classes(meet: Meet, error: tuple[int, str], words: str) -> None:
    odoo = Odoo()
    odoo.raises = error
    _, desk = await meet(WAYS["key"], odoo, **GIVEN)
    answer = await desk.call("partners.read", {"name": "Example 1"})
    assert isinstance(answer, Failed | Later)
    assert words in answer.error.detail
    assert "Traceback" not in repr(answer)
    assert not isinstance(answer, Later) or answer.uncertain == (error[0] == -32603)


@pytest.mark.parametrize(
    ("way", "answer", "words"),
    [
        ("session", said({"result": {"uid": UID}}), "no cookie session_id; is `base_url` the address of its API?"),
        ("key", said({"result": False}), "gave nothing at /result; look at the setting `database`"),
        ("key", said({"result": UID}, 403), "Its login answered with status 403"),
    ],
)
async def test_a_login_that_gives_nothing_says_what_to_change(
    meet: Meet, way: str, answer: Answered, words: str
) -> None:
    other, desk = await meet(WAYS[way], answer, **GIVEN)
    refused = await desk.call("partners.read", {"name": "Example 1"})
    assert isinstance(refused, Failed)
    assert words in refused.error.detail
    assert len(other.asked) == 1


async def test_a_request_without_a_place_for_its_credentials_does_not_go_out(meet: Meet) -> None:
    other, desk = await meet(_document(BY_KEY, "jsonrpc", {"service": "object"}), Odoo(), **GIVEN)
    refused = await desk.call("partners.read", {"name": "Example 1"})
    assert isinstance(refused, Failed)
    assert "nothing at /params/args/0" in refused.error.detail
    assert len(other.asked) == 1, "the login"
