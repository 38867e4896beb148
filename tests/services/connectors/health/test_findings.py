"""What a check says: which setting, secret or right to change, and nothing of the other side's."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from infra.embedded import ports
from services.connectors.simulators.http import Answered
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from tests.services.connectors.declared.authority import NAME, Authority
from tests.services.connectors.declared.other import SECRET, Other, operation, path_of, said
from tests.services.connectors.health.clinic import PAYLOAD, SYSTEM, Clinic

TOLD = {"message": f"{PAYLOAD} {SECRET}", "code": "locked"}
LOCKED = {"status": 423, "when": '${ .code == "locked" }', "class": "retry", "message": "${ .message }"}
MISSED = Answered(404, PAYLOAD.encode(), media_type="text/html")


def _answering(other: Other, answer: Any) -> None:
    other._answers = [answer]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (said(TOLD, 401), "authentication", "Its credentials are refused; look at the secret `token`"),
        (said(TOLD, 403), "authorization", "Give the account behind the connection the rights things.read"),
        (MISSED, "configuration", "Is the setting `base_url` the address of its API?"),
        (said(TOLD, 404), "communication", "is the setting `base_url` the address of its API?"),
        (said({}, 301, Location="https://new.example.com/?key=1"), "configuration", "change the setting `base_url`"),
        (said({"total": PAYLOAD}), "communication", "breaks the rule `type` (at /total)"),
        (said({"sum": 1}), "communication", "that the connector sample 1.0.0 knows: breaks the rule"),
        (said(TOLD, 503), "communication", "It answered with status 503"),
        (said(TOLD, 423), "communication", "It answered with status 423"),
        (said(TOLD, 409), "communication", "It refused with status 409"),
        (Answered(200, PAYLOAD.encode(), media_type="text/html"), "communication", "is the setting `base_url`"),
    ],
)
async def test_S_72_a_check_says_what_to_change_and_nothing_that_the_other_side_said(
    clinic: Clinic, answer: Answered, error: str, words: str
) -> None:
    _answering(clinic.other, answer)
    found = await clinic.round(clinic.another({**SYSTEM, "errors": [LOCKED]}))
    assert (found.error, found.failures, found.good_at) == (error, 1, None)
    assert words in (found.detail or "")
    assert PAYLOAD not in repr(found)
    assert SECRET not in repr(found)


FORBIDDEN = {"errors": [{"message": PAYLOAD, "extensions": {"code": "FORBIDDEN"}}], "data": None}


@pytest.mark.parametrize(
    ("name", "secret", "settings", "answer", "error", "words"),
    [
        (
            "vendure",
            "key",
            {"unit": "EA", "handler": "manual-fulfillment"},
            said(FORBIDDEN),
            "authentication",
            "The API key is not known, or its roles lack a permission (ReadOrder, UpdateOrder, ReadCustomer)",
        ),
        (
            "request-tracker",
            "password",
            {"user": "waybill", "queue": "General", "reference_field": "Reference"},
            said({"message": "Permission Denied"}, 400),
            "configuration",
            "There is no such ticket, or the account behind the connection lacks a right to it",
        ),
    ],
)
async def test_S_72_a_check_says_what_the_rule_of_a_manifest_that_ships_says_to_change(
    clinic: Clinic, name: str, secret: str, settings: dict[str, str], answer: Answered, error: str, words: str
) -> None:
    _answering(clinic.other, answer)
    async with ExpressionPool(size=1) as pool:
        checker = clinic.shipped(name, Expressions(pool), secret, **settings)
        found = await clinic.round(checker)
        waited = await clinic.seconds()
        again = await clinic.round(checker)
    field = f"the secret `{secret}`" if error == "authentication" else "the setting `user`"
    assert (found.error, again.failures) == (error, 2)
    assert found.detail == f"{words}. Look at {field} of the connection"
    # Credentials that are refused are shown less often each time; whose setting is wrong locks nobody out.
    assert (await clinic.seconds() > 1.5 * waited) is (error == "authentication")
    assert PAYLOAD not in repr(again)


async def test_S_72_what_a_rule_takes_from_the_answer_is_not_told_and_what_to_change_is(clinic: Clinic) -> None:
    rule = {"status": 409, "class": "refuse", "message": "${ .message }", "change": "token"}
    _answering(clinic.other, said(TOLD, 409))
    found = await clinic.round(clinic.another({**SYSTEM, "errors": [rule]}))
    assert found.error == "authentication"
    assert found.detail == "It answered with status 409. Look at the secret `token` of the connection"


async def test_S_72_what_a_program_says_of_an_answer_is_not_told(clinic: Clinic) -> None:
    answer = {"total": '${ .total // error("no total for \\(.name)") }'}
    document = {**SYSTEM, "operations": {"thing.read": operation(answer=answer)}}
    _answering(clinic.other, said({"name": PAYLOAD}))
    async with ExpressionPool(size=1) as pool:
        found = await clinic.round(clinic.another(document, Expressions(pool)))
    assert "that the connector sample 1.0.0 knows: it cannot be mapped" in (found.detail or "")
    assert PAYLOAD not in repr(found)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://nowhere.example/api", "Its name has no address: is the setting `base_url` right?"),
        (f"http://shop.example:{ports.choose(None)}/api", "the setting `base_url` is wrong"),
    ],
)
async def test_a_wrong_address_is_said_to_be_one(clinic: Clinic, url: str, words: str) -> None:
    clinic.change(base_url=url)
    found = await clinic.round()
    assert found.error == "communication"
    assert words in (found.detail or "")


async def test_a_certificate_that_has_expired_is_said_to_have(clinic: Clinic, authority: Authority) -> None:
    with authority.serving(-1) as (port, _):
        clinic.change(base_url=f"https://{NAME}:{port}")
        found = await clinic.round()
    assert found.error == "communication"
    assert "Its certificate does not verify (certificate has expired)" in (found.detail or "")
    assert "the setting `base_url`" in (found.detail or "")


async def test_what_the_connection_lacks_is_named_and_nothing_is_sent(clinic: Clinic) -> None:
    keyed = {"secrets": {"key": {"title": "Key"}}, "authentication": {"kind": "bearer", "secret": "key"}}
    found = await clinic.round(clinic.another({**SYSTEM, **keyed}))
    assert (found.error, found.detail, found.took) == ("configuration", "The connection lacks its secret `key`", None)
    assert clinic.other.asked == []


@pytest.mark.parametrize(
    ("claims", "excess"),
    [
        ({"scope": "things.read admin.write"}, ["admin.write"]),
        ({"scp": "things.read", "roles": ["Admin.All"]}, []),
        ({"roles": ["Admin.All", "things.read"]}, ["Admin.All"]),
        ({"scope": 7, "roles": [7]}, None),
        ({}, None),
    ],
)
async def test_a_token_tells_its_rights_where_its_endpoint_does_not(
    clinic: Clinic, claims: dict[str, Any], excess: list[str] | None
) -> None:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    token = {"access_token": f"canary.{body}.signature", "expires_in": 3600}
    asked = {"kind": "oauth2", "token_url": "token", "client_id": "client", "secret": "token", "scopes": ["x/.default"]}
    settings = {"properties": {"client": {"type": "string", "title": "Client"}}}
    _answering(clinic.other, lambda asked: said(token if path_of(asked) == "/api/token" else {"total": 1}))
    clinic.change(client="shop")
    found = await clinic.round(clinic.another({**SYSTEM, "authentication": asked, "settings": settings}))
    assert (found.error, found.rights_told, found.excess) == (None, excess is not None, excess or [])


async def test_rights_that_no_operation_needs_are_told(clinic: Clinic) -> None:
    oauth = {"kind": "oauth2", "token_url": "token", "client_id": "client", "secret": "token"}
    settings = {"properties": {"client": {"type": "string", "title": "Client"}}}
    document = {**SYSTEM, "authentication": {**oauth, "scopes": ["things.read"]}, "settings": settings}
    token = {"access_token": "canary-token-of-a-test", "expires_in": 3600}
    given: dict[str, str] = {}
    _answering(clinic.other, lambda asked: said({**token, **given} if path_of(asked) == "/api/token" else {"total": 1}))
    clinic.change(client="shop")
    found = await clinic.round(clinic.another(document))
    assert (found.error, found.excess) == (None, [])
    assert "fetched anew by itself" in (found.ends or "")
    assert found.ends_at is not None
    given["scope"] = "things.read admin.write"
    clinic.change(client="other")
    found = await clinic.round(clinic.another(document))
    assert (found.error, found.excess) == (None, ["admin.write"])
    given["scope"] = f"things.read a\0b rechte.ändern {'x' * 101} admin.write {' '.join(f'z{at}' for at in range(60))}"
    clinic.change(client="third")
    found = await clinic.round(clinic.another(document))
    assert (found.error, len(found.excess), found.excess[:2]) == (None, 50, ["admin.write", "z0"])
