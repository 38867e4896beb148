"""Before what signs a connection's calls ends its owner is told, once; rights that the system tells are compared."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from infra.encryption.secret import Secret
from tests.services.connectors.declared.other import operation, path_of, said
from tests.services.connectors.health.clinic import READS, SYSTEM, Clinic

RIGHTS = operation(
    request={"path": "rights"}, output={"type": "array"}, answer="${ .rights }", input={"type": "object"}
)
ASKED = {
    **SYSTEM,
    "operations": {"thing.read": READS, "rights.list": RIGHTS},
    "health": {"operation": "thing.read", "rights": "rights.list"},
}


def token(days: float) -> Secret:
    """A JSON Web Token that ends in so many days."""
    claims = msgspec.json.encode({"exp": int((datetime.now(UTC) + timedelta(days=days)).timestamp())})
    return Secret(f"header.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.canary-signature")


async def _told(clinic: Clinic) -> list[Any]:
    rows = await clinic.do("SELECT kind, owner, body FROM app.notice WHERE tenant_id = $1 ORDER BY notice_id")
    return [(row["kind"], row["owner"], msgspec.json.decode(row["body"])["what"]) for row in rows]


async def test_an_end_that_comes_is_told_to_the_owner_once_and_another_one_anew(clinic: Clinic) -> None:
    await clinic.do("UPDATE app.connection SET owner = 'role:it' WHERE tenant_id = $1")

    async def round_with(days: float) -> list[Any]:
        clinic.connection = msgspec.structs.replace(clinic.connection, secrets={"token": token(days)})
        await clinic.round()
        return await _told(clinic)

    assert await round_with(30) == [], "nobody is told weeks before"
    kept = token(10)
    clinic.connection = msgspec.structs.replace(clinic.connection, secrets={"token": kept})
    found = await clinic.round()
    assert (found.error, found.renews, found.ends) == (None, False, "the secret `token`")
    once = [("connection.ending", "role:it", "the secret `token`")]
    assert await _told(clinic) == once
    await clinic.round()
    assert await _told(clinic) == once
    assert await round_with(12) == once * 2


async def test_rights_that_the_system_tells_are_compared_with_those_that_are_needed(clinic: Clinic) -> None:
    told = {"rights": ["things.read", "things.delete"]}
    clinic.other._answers = [lambda asked: said(told if path_of(asked) == "/api/rights" else {"total": 1})]
    found = await clinic.round(clinic.another(ASKED))
    assert (found.error, found.rights_told, found.excess) == (None, True, ["things.delete"])
    told["rights"] = ["things.read"]
    found = await clinic.round(clinic.another(ASKED))
    assert (found.rights_told, found.excess) == (True, [])


async def test_where_nobody_tells_rights_that_is_said(clinic: Clinic) -> None:
    found = await clinic.round()
    assert (found.error, found.rights_told, found.excess) == (None, False, [])
    clinic.other._answers = [
        lambda asked: said({"m": 1}, 403) if path_of(asked) == "/api/rights" else said({"total": 1})
    ]
    found = await clinic.round(clinic.another(ASKED))
    assert (found.error, found.rights_told) == (None, False), "that it does not tell is no failure"


async def test_what_an_application_was_entered_with_is_not_taken_for_what_was_asked(clinic: Clinic) -> None:
    """`/.default` asks for whatever somebody gave the application."""
    oauth = {"kind": "oauth2", "token_url": "token", "client_id": "client", "secret": "token"}
    settings = {"properties": {"client": {"type": "string", "title": "Client"}}}
    document = {**SYSTEM, "authentication": {**oauth, "scopes": ["https://erp.example/.default"]}, "settings": settings}
    given = {"access_token": "canary-token-of-a-test", "expires_in": 3600}
    clinic.other._answers = [lambda asked: said(given if path_of(asked) == "/api/token" else {"total": 1})]
    clinic.change(client="shop")
    found = await clinic.round(clinic.another(document))
    assert (found.error, found.rights_told, found.excess, found.renews) == (None, False, [], True)
