"""The OpenAPI document describes the API that is there, and the API answers as it says (S-95)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.api import openapi
from services.api.app import routes_of
from services.api.policy import POLICY, PREFIX
from services.api.routes import HANDLERS
from services.api.routes.documentation import FOLDER
from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties

DOCUMENT: dict[str, Any] = msgspec.json.decode(openapi.document(HANDLERS))
UNLISTED = {"/docs", "/docs/{name}"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


@cache
def validator_of(reference: bytes) -> Any:
    """Made once for each schema: it holds all components, and to make it costs a hundred times what it is asked."""
    return jsonschema_rs.validator_for(schema_of(msgspec.json.decode(reference)))


def schema_of(part: dict[str, Any]) -> dict[str, Any]:
    """A schema that stands alone, with the components that it refers to."""
    return {**part, "components": DOCUMENT["components"]}


def check(answer: Answer, operation: dict[str, Any]) -> None:
    """The status is documented and the body is of its schema."""
    described = operation["responses"].get(str(answer.status))
    assert described is not None, (operation["operationId"], answer.status, answer.body)
    kind = answer.headers["content-type"].split(";", 1)[0]
    if kind in {"application/zip", "application/jsonl"}:
        return
    value = answer.body.decode() if kind == "text/event-stream" else answer.json
    validator_of(msgspec.json.encode(described["content"][kind]["schema"])).validate(value)


async def test_it_holds_every_route_and_no_other(nobody: Caller) -> None:
    served = {route for route in routes_of(nobody.app.app) if route[1] not in UNLISTED}
    assert {(method, path) for method, path, _ in operations()} == served
    answer = await nobody.get("/v1/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == DOCUMENT
    assert DOCUMENT["openapi"].startswith("3.1")


def test_operations_are_named_once_and_say_what_they_need() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)
    for method, path, operation in operations():
        rule = POLICY[method, path]
        assert operation.get("summary"), path
        assert ("security" in operation) is not rule.is_public
        if not rule.is_public:
            assert f"`{rule.permission or 'any live key'}`" in operation["description"]
            assert {"400", "401", "403"} <= set(operation["responses"])
        declared = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path)), path


def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        jsonschema_rs.validator_for(schema_of(schema))
        assert re.fullmatch(r"[A-Za-z0-9._-]+", name)
    references = re.findall(r'"\$ref":"([^"]+)"', msgspec.json.encode(DOCUMENT).decode())
    known = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert set(references) <= known


def test_bodies_take_no_unknown_members() -> None:
    for _, path, operation in operations():
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None or path.endswith("/events"):
            continue
        named = body["schema"]["$ref"].rsplit("/", 1)[1]
        assert DOCUMENT["components"]["schemas"][named]["additionalProperties"] is False, named


async def test_answers_are_of_their_schemas(parties: Parties) -> None:
    own = {"client": "acme", "environment": "live", "template": "order-release", "partner": "north", "name": "conflict"}
    seen = 0
    for method, path, operation in operations():
        if method != "GET" or "application/problem+json" in path:
            continue
        target = re.sub(r"{(\w+)}", lambda match: own.get(match[1], "key_01h455vb4pex5vsknk084sn02q"), path)
        for caller in (parties.operator, parties.north, parties.acme, parties.nobody):
            if path not in {"/v1/openapi.json", "/health/ready"}:
                check(await caller.get(target), operation)
                seen += 1
    assert seen > 50
    for maker, path, body in (
        (parties.operator, "/v1/partners", {"slug": "east", "name": "East"}),
        (parties.north, "/v1/clients", {"slug": "new", "name": "New"}),
        (parties.acme, "/v1/keys", {"name": "more"}),
        (parties.acme, "/v1/keys", {"name": ""}),
        (parties.operator, "/v1/partners", {"slug": "north", "name": "again"}),
    ):
        check(await maker.post(path, body), DOCUMENT["paths"][path]["post"])


TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["acme", "live", "north", "'; DROP TABLE app.run; --", "../..", "%00", "null", "0", "-1", "\u202e"]
    ),
    st.from_regex(r"(ptr|cli|con|run|key|evt|dep|wfv)_[0-7][0-9a-hjkmnp-tv-z]{25}", fullmatch=True),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, dict[str, Any], str, Any]:
    """A known route with fitting and unfitting values in its path, its query and its body."""
    method, path, operation = draw(st.sampled_from([one for one in operations() if "/health" not in one[1]]))
    letters = re.compile(r"[^A-Za-z0-9_'.;*-]")
    filled = re.sub(r"{(\w+)}", lambda match: letters.sub("", draw(TEXTS)) or match[1], path)
    if draw(st.booleans()):
        filled = filled.replace(PREFIX, "/v1/clients/acme/live")
    names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"] or ["x"]
    query = {draw(st.sampled_from([*names, "x"])): letters.sub("", draw(TEXTS)) for _ in range(draw(st.integers(0, 2)))}
    text = "&".join(f"{name}={value}" for name, value in query.items())
    fields = fields_of(operation)
    body = draw(VALUES | st.fixed_dictionaries({}, optional=dict.fromkeys([*fields, "x"], VALUES)))
    return method, filled, operation, text, body


def fields_of(operation: dict[str, Any]) -> list[str]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    named = body.get("$ref", "").rsplit("/", 1)[-1]
    return list(DOCUMENT["components"]["schemas"].get(named, {}).get("properties", {}))


@pytest.mark.parametrize("who", ["operator", "north", "acme"])
async def test_S_95_no_request_breaks_the_api(parties: Parties, who: str) -> None:
    """Random requests to every route: never 5xx, never an undocumented status, always a body of the schema."""
    caller: Caller = getattr(parties, who)
    drawn: list[tuple[str, str, dict[str, Any], str, Any]] = []

    @settings(max_examples=300, database=None, suppress_health_check=list(HealthCheck), deadline=None)
    @given(requests())
    def collect(one: tuple[str, str, dict[str, Any], str, Any]) -> None:
        drawn.append(one)

    collect()
    for method, path, operation, query, body in drawn:
        target = f"{path}?{query}" if query else path
        answer = await caller.send(method, target, None if method == "GET" else body)
        assert answer.status < 500, (method, target, body, answer.body)
        if not ("disable" in path or answer.headers["content-type"].startswith("text/html")):
            check(answer, operation)


async def test_the_viewer_is_served_from_here_or_says_how_to_build_it(nobody: Caller) -> None:
    page = await nobody.get("/docs")
    if not (FOLDER / "index.html").exists():
        assert (page.status, page.problem) == (503, "viewer-not-built")
        assert "npm" in page.json["detail"]
        return
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self';" in page.headers["content-security-policy"]
    text = page.body.decode()
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", text)
    for name in re.findall(r'(?:src|href)="(/docs/[^"]+)"', text):
        file = await nobody.get(name)
        assert file.status == 200, name
        again = await nobody.get(name, headers={"if-none-match": file.headers["etag"]})
        assert (again.status, again.body) == (304, b"")
    for name in ("index.html", "LICENSE", "x.js", "..%2f..%2fapp.py"):
        assert (await nobody.get(f"/docs/{name}")).status == 404


def test_a_path_that_ends_like_an_upload_takes_json_where_its_handler_does() -> None:
    bodies = {
        path: set(operation["requestBody"]["content"])
        for method, path, operation in operations()
        if method == "POST" and path.endswith("/documents")
    }
    assert bodies["/v1/runs/{run}/documents"] == {"application/octet-stream"}
    assert bodies["/v1/evidence-cases/{case}/documents"] == {"application/json"}
