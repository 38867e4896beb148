"""Machines get tokens for their keys: RFC 6749, section 4.4, as an ordinary client does it."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.asgi import Answer, Caller
from tests.services.api.parties import id_of
from tests.services.api.routes.conftest import Cast

FORM = {"content-type": "application/x-www-form-urlencoded"}
GRANT = {"grant_type": "client_credentials"}


async def ask(
    caller: Caller, form: dict[str, str], *, headers: dict[str, str] | None = None, raw: str | None = None
) -> Answer:
    body = urlencode(form) if raw is None else raw
    sent = {**FORM, **(headers or {})}
    return await caller.having(None).send("POST", "/v1/oauth/token", raw=body.encode(), headers=sent)


async def token_of(caller: Caller, **more: str) -> Any:
    form = {"grant_type": "client_credentials", "client_id": await id_of(caller), "client_secret": caller.key or ""}
    answer = await ask(caller, form | more)
    assert answer.status == 200, answer.body
    return answer.json


def forget(caller: Caller) -> None:
    caller.app.app.state.resources.keyring.forget()


async def test_a_token_stands_for_the_key_that_it_was_got_with(cast: Cast) -> None:
    issued = await token_of(cast.client)
    assert issued.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (issued["token_type"], issued["expires_in"]) == ("Bearer", 600)
    bearer = cast.client.having(issued["access_token"])
    assert (await bearer.get("/v1/me")).json["key"] == await id_of(cast.client)
    assert (await bearer.get("/v1/runs")).status == 200
    log = (await cast.client.get("/v1/audit?action=token.issued")).json["items"]
    assert len(log) == 1
    assert log[0]["actor"] == f"key:{await id_of(cast.client)}"
    assert issued["access_token"] not in str(log)


async def test_by_basic_as_well(cast: Cast) -> None:
    pair = f"{await id_of(cast.client)}:{cast.client.key}"
    headers = {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    answer = await ask(cast.client, GRANT, headers=headers)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert "ratelimit" in answer.headers
    twice = await ask(cast.client, {**GRANT, "client_secret": cast.client.key or ""}, headers=headers)
    assert (twice.status, twice.json["error"]) == (400, "invalid_request")


async def test_S_68_a_scope_is_less_than_the_key_and_never_more(cast: Cast) -> None:
    issued = await token_of(cast.client, scope="runs:read")
    assert issued["scope"] == "runs:read"
    bearer = cast.client.having(issued["access_token"])
    assert (await bearer.get("/v1/runs")).status == 200
    assert (await bearer.get("/v1/events")).problem == "forbidden"
    assert (await bearer.post("/v1/keys", {"name": "more"})).problem == "forbidden"
    for scope in ("clients:write", "runs:read clients:write", "runs:fly", "runs:read  events:read", "*"):
        form = {"client_id": await id_of(cast.client), "client_secret": cast.client.key or "", "scope": scope}
        refused = await ask(cast.client, GRANT | form)
        assert (refused.status, refused.json["error"]) == (400, "invalid_scope"), scope


async def test_S_68_what_a_token_makes_ends_with_it(cast: Cast) -> None:
    issued = await token_of(cast.client)
    bearer = cast.client.having(issued["access_token"])
    made = await bearer.post("/v1/keys", {"name": "brief"})
    assert made.status == 201
    assert made.json["expires_at"] is not None
    assert (await bearer.post("/v1/keys", {"name": "long", "expires_in": 3600})).problem == "not-yours-to-grant"
    rotated = await bearer.post(f"/v1/keys/{await id_of(cast.client)}/rotate", {})
    assert rotated.problem == "not-yours-to-grant"
    # Nor does a key get a token that outlives it.
    brief = cast.client.having(made.json["key"])
    assert (await token_of(brief))["expires_in"] <= 600


async def test_S_65_a_token_ends_with_its_key(cast: Cast) -> None:
    issued = await token_of(cast.client)
    bearer = cast.client.having(issued["access_token"])
    assert (await bearer.get("/v1/me")).status == 200
    await cast.partner.post(f"/v1/keys/{await id_of(cast.client)}/revoke")
    forget(cast.client)  # what a process has looked up is good for two seconds
    assert (await bearer.get("/v1/me")).problem == "unauthorized"


async def test_S_06_a_token_ends_with_its_client(cast: Cast) -> None:
    issued = await token_of(cast.client)
    await cast.partner.post("/v1/clients/acme/disable")
    forget(cast.client)
    assert (await cast.client.having(issued["access_token"]).get("/v1/me")).status == 401


async def test_a_token_may_be_used_from_where_its_key_may(cast: Cast) -> None:
    made = await cast.client.post("/v1/keys", {"name": "bound", "networks": ["127.0.0.0/8"]})
    bound = cast.client.having(made.json["key"])
    issued = await token_of(bound)
    bearer = cast.client.having(issued["access_token"])
    assert (await bearer.get("/v1/me")).status == 200
    assert (await bearer.by("203.0.113.9").get("/v1/me")).problem == "network-not-allowed"
    form = {"client_id": await id_of(bound), "client_secret": bound.key or "", "grant_type": "client_credentials"}
    assert (await ask(bound.by("203.0.113.9"), form)).problem == "network-not-allowed"


async def test_S_65_wrong_clients_are_all_the_same(cast: Cast) -> None:
    own, key = await id_of(cast.client), cast.client.key or ""
    told = set()
    for form in (
        {"client_id": own, "client_secret": key[:-1] + ("a" if key[-1] != "a" else "b")},
        {"client_id": await id_of(cast.rival), "client_secret": key},
        {"client_id": "key_01h455vb4pex5vsknk084sn02q", "client_secret": key},
        {"client_id": own},
        {"client_secret": key},
        {},
    ):
        refused = await ask(cast.client, GRANT | form)
        assert (refused.status, refused.json["error"]) == (401, "invalid_client"), form
        assert refused.headers["content-type"].startswith("application/json")
        told.add((refused.json["error_description"], refused.json["type"]))
    assert len(told) == 1
    for value in ("Basic x", "Basic " + base64.b64encode(b"no-colon").decode(), f"Bearer {key}", "Basic é"):
        refused = await ask(cast.client, GRANT, headers={"authorization": value})
        assert (refused.status, refused.json["error"]) == (401, "invalid_client"), value
        assert refused.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("a=" + "x" * 9000, "invalid_request"),
        ("&".join(f"a{number}=1" for number in range(40)), "invalid_request"),
        ("grant_type=%ff%fe", "invalid_request"),
    ],
)
async def test_a_form_that_cannot_be_read_is_invalid_request(cast: Cast, raw: str, error: str) -> None:
    refused = await ask(cast.client, {}, raw=raw)
    assert (refused.status, refused.json["error"]) == (400, error)


async def test_other_grants_and_other_media_types_are_refused(cast: Cast) -> None:
    form = {"client_id": await id_of(cast.client), "client_secret": cast.client.key or ""}
    for grant, error in (("password", "unsupported_grant_type"), ("", "invalid_request")):
        refused = await ask(cast.client, {"grant_type": grant, **form})
        assert (refused.status, refused.json["error"]) == (400, error)
    json = await cast.client.having(None).post("/v1/oauth/token", {"grant_type": "client_credentials", **form})
    assert (json.status, json.problem) == (415, "unsupported-media-type")


async def test_S_62_a_token_is_no_key_and_a_key_no_token(cast: Cast) -> None:
    issued = (await token_of(cast.client))["access_token"]
    form = {"grant_type": "client_credentials", "client_id": await id_of(cast.client), "client_secret": issued}
    assert (await ask(cast.client, form)).json["error"] == "invalid_client"
    changed = issued[:-1] + ("A" if issued[-1] != "A" else "E")
    assert (await cast.client.having(changed).get("/v1/me")).problem == "unauthorized"
    assert (await cast.client.having(None).get(f"/v1/me?access_token={issued}")).status == 401


async def test_where_tokens_are_got_is_told(cast: Cast) -> None:
    told = (await cast.client.having(None).get("/.well-known/oauth-authorization-server")).json
    assert told["token_endpoint"] == told["issuer"] + "/v1/oauth/token"
    assert told["grant_types_supported"] == ["client_credentials"]
    assert "runs:read" in told["scopes_supported"]
