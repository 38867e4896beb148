"""OpenAPI documents of each version against a server that says what it was asked (S-53, S-55, S-56)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.egress import Destination, Refused
from services.engine.functions import Answer, Done, Failed
from services.protocols.errors import Refusal
from services.protocols.exchange import Exchange
from services.protocols.openapi import document, filling
from services.protocols.openapi.call import OpenApiCall
from services.protocols.resources.fetching import Resources
from tests.services.protocols.damage import damaged

PET = {"type": "object", "properties": {"name": {"type": "string"}, "tags": {"type": "array"}}}
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 10}, "required": True}
THREE: dict[str, Any] = {
    "openapi": "3.1.0",
    "servers": [{"url": "/{version}/", "variables": {"version": {"default": "v1"}}}],
    "components": {
        "parameters": {"Limit": LIMIT},
        "schemas": {"Pet": PET, "Circle": {"allOf": [{"$ref": "#/components/schemas/Circle"}]}},
        "requestBodies": {"Pet": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}},
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Shop-Key"}},
    },
    "paths": {
        "/pets": {
            "parameters": [{"name": "trace", "in": "cookie", "schema": {}}],
            "get": {
                "operationId": "listPets",
                "parameters": [
                    {"$ref": "#/components/parameters/Limit"},
                    {"name": "filter", "in": "query", "style": "deepObject", "explode": True, "schema": {}},
                    {"name": "X-Tags", "in": "header", "schema": {"type": "array"}},
                ],
            },
            "post": {"operationId": "addPet", "requestBody": {"$ref": "#/components/requestBodies/Pet"}},
        },
        "/pets/{petId}": {
            "get": {"operationId": "getPet", "parameters": [{"name": "petId", "in": "path", "required": True}]},
            "put": {
                "operationId": "formPet",
                "parameters": [{"name": "petId", "in": "path", "required": True}],
                "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": PET}}},
            },
            "patch": {
                "operationId": "photoPet",
                "parameters": [{"name": "petId", "in": "path", "required": True}],
                "requestBody": {
                    "content": {"multipart/form-data": {"schema": {"properties": {"photo": {"format": "binary"}}}}}
                },
            },
            "delete": {
                "operationId": "circle",
                "parameters": [{"name": "petId", "in": "path", "required": True}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Circle"}}}},
            },
        },
        "/away": {"get": {"operationId": "away"}},
    },
}
TWO: dict[str, Any] = {
    "swagger": "2.0",
    "basePath": "/v2",
    "consumes": ["application/xml", "application/json"],
    "paths": {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "parameters": [
                    {"name": "status", "in": "query", "type": "array", "collectionFormat": "multi"},
                    {"name": "ids", "in": "query", "type": "array", "collectionFormat": "pipes"},
                ],
            },
            "post": {"operationId": "addPet", "parameters": [{"name": "pet", "in": "body", "schema": PET}]},
            "put": {
                "operationId": "formPet",
                "parameters": [{"name": "name", "in": "formData", "type": "string"}],
                "consumes": ["application/x-www-form-urlencoded"],
            },
        }
    },
}


async def _echo(request: web.Request) -> web.StreamResponse:
    names = ("Content-Type", "Cookie", "X-Tags", "X-Shop-Key", "Authorization")
    return web.json_response(
        {
            "asked": f"{request.method} {request.raw_path}",
            "headers": {name: request.headers[name] for name in names if name in request.headers},
            "body": await request.text(),
        }
    )


async def _away(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("http://169.254.169.254/")


@pytest.fixture
async def shop(serve: Any) -> str:
    routes = {f"{way} /{version}/{{rest:.*}}": _echo for version in ("v1", "v2") for way in ("*",)}
    documents = {"GET /docs/three.json": THREE, "GET /docs/two.json": TWO}
    url: str = await serve({"GET /v1/away": _away, **documents, **routes})
    return url


@pytest.fixture
def ask(shop: str, exchange: Exchange, a_call: Any) -> Callable[..., Any]:
    function = OpenApiCall(exchange, Resources(exchange))

    async def run(operation: str, parameters: Any = None, document: str = "three", **more: Any) -> Answer:
        arguments = {
            "document": {"uri": f"{shop}/docs/{document}.json"},
            "operationId": operation,
            "parameters": parameters or {},
            **more,
        }
        return await function(a_call("openapi", arguments))

    return run


async def _asked(answer: Answer) -> Any:
    assert isinstance(answer, Done), answer
    return answer.output


async def test_parameters_go_where_the_operation_wants_them(ask: Any) -> None:
    found = await _asked(
        await ask("listPets", {"filter": {"kind": "dog"}, "X-Tags": ["a", "b"], "trace": "t 1", "X-Shop-Key": "k"})
    )
    assert found["asked"] == "GET /v1/pets?limit=10&filter[kind]=dog"
    assert found["headers"] == {"X-Tags": "a,b", "Cookie": "trace=t%201", "X-Shop-Key": "k"}
    assert (await _asked(await ask("getPet", {"petId": "a/b c"})))["asked"] == "GET /v1/pets/a%2Fb%20c"


async def test_what_is_no_parameter_is_the_body(ask: Any) -> None:
    for parameters in ({"name": "milou"}, {"body": {"name": "milou"}}):
        found = await _asked(await ask("addPet", parameters))
        assert (found["asked"], found["body"]) == ("POST /v1/pets", '{"name":"milou"}')
        assert found["headers"]["Content-Type"] == "application/json"
    found = await _asked(await ask("formPet", {"petId": 1, "name": "mi lou", "tags": ["a", "b"]}))
    assert found["body"] == "name=mi+lou&tags=a&tags=b"
    found = await _asked(await ask("photoPet", {"petId": 1, "photo": "pixels"}))
    assert found["headers"]["Content-Type"].startswith("multipart/form-data; boundary=")
    assert 'name="photo"; filename="photo"' in found["body"]
    assert (await _asked(await ask("circle", {"petId": 1, "body": [1]})))["body"] == "[1]"


async def test_swagger_2(ask: Any) -> None:
    found = await _asked(await ask("listPets", {"status": ["sold", "new"], "ids": [1, 2]}, "two"))
    assert found["asked"] == "GET /v2/pets?status=sold&status=new&ids=1%7C2"
    found = await _asked(await ask("addPet", {"pet": {"name": "milou"}}, "two"))
    assert (found["body"], found["headers"]["Content-Type"]) == ('{"name":"milou"}', "application/json")
    assert (await _asked(await ask("formPet", {"name": "a b"}, "two")))["body"] == "name=a+b"


@pytest.mark.parametrize(
    ("operation", "parameters", "words"),
    [
        ("listPet", {}, "meant 'listPets'"),
        ("getPet", {}, "petId"),
        ("getPet", {"petId": ""}, "petId"),
        ("getPet", {"petId": 1, "colour": 2}, "colour"),
        ("formPet", {"petId": 1}, "needs a body"),
        ("getPet", {"petId": [[1]]}, "nested deeper"),
    ],
)
async def test_what_cannot_be_called_is_said_in_words(
    ask: Any, fault: Any, operation: str, parameters: Any, words: str
) -> None:
    answer = await ask(operation, parameters)
    assert fault(answer) == ("configuration", 400)
    assert isinstance(answer, Failed)
    assert words in answer.error.detail


@pytest.mark.parametrize("value", ["..", ".", "%2e%2e", "..%2f..", "//evil.example", "\\x"])
async def test_S_56_a_path_parameter_leads_out_of_no_path(ask: Any, value: str) -> None:
    answer = await ask("getPet", {"petId": value})
    if isinstance(answer, Done):
        assert answer.output["asked"].startswith("GET /v1/pets/%")
    else:
        assert answer.error.type.endswith("/configuration")


async def test_S_53_a_redirect_of_an_operation_is_an_error_or_an_answer(ask: Any, fault: Any) -> None:
    assert fault(await ask("away")) == ("communication", 302)
    found = await ask("away", redirect=True, output="response", authentication={"bearer": {"token": "canary"}})
    assert (await _asked(found))["statusCode"] == 302


async def test_S_56_credentials_of_the_document_and_of_the_operation_are_apart(
    ask: Any, shop: str, exchange: Exchange, a_call: Any
) -> None:
    found = await _asked(await ask("listPets", authentication={"basic": {"username": "a", "password": "b"}}))
    assert found["headers"]["Authorization"] == "Basic YTpi"
    arguments = {
        "document": {"uri": shop + "/docs/three.json", "authentication": {"bearer": {"token": "of-the-document"}}},
        "operationId": "listPets",
        "authentication": {"bearer": {"token": "of-the-operation"}},
    }
    answer = await OpenApiCall(exchange, Resources(exchange))(a_call("openapi", arguments))
    assert (await _asked(answer))["headers"]["Authorization"] == "Bearer of-the-operation"


async def test_S_53_a_description_cannot_have_credentials_sent_to_another_origin(
    shop: str, serve: Any, exchange: Exchange, a_call: Any, fault: Any
) -> None:
    elsewhere = await serve({"GET /document": {**THREE, "servers": [{"url": shop + "/v1"}]}})
    whole = {"document": {"uri": elsewhere + "/document"}, "operationId": "listPets"}

    async def asked(**more: Any) -> Answer:
        return await OpenApiCall(exchange, Resources(exchange))(a_call("openapi", {**whole, **more}))

    policy = {"bearer": {"token": "of-the-operation"}}
    assert fault(await asked(authentication=policy)) == ("configuration", 400)
    found = await _asked(await asked(authentication={**policy, "origins": [shop + "/some/path"]}))
    assert found["headers"]["Authorization"] == "Bearer of-the-operation"
    assert fault(await asked(authentication={**policy, "origins": [elsewhere]})) == ("authorization", 403)
    key = {"parameters": {"X-Shop-Key": "k-1"}, "sealed": ["X-Shop-Key"]}
    assert fault(await asked(**key)) == ("configuration", 400)
    assert fault(await asked(**key, origins=[elsewhere])) == ("authorization", 403)
    assert (await _asked(await asked(**key, origins=[shop])))["headers"]["X-Shop-Key"] == "k-1"
    assert isinstance(await asked(), Done), "without credentials the description may name any server"


async def test_S_36_a_secret_is_an_api_key_and_no_other_parameter(ask: Any, fault: Any) -> None:
    answer = await _asked(await ask("listPets", {"X-Shop-Key": "canary"}, sealed=["X-Shop-Key"], output="response"))
    assert answer["content"]["headers"]["X-Shop-Key"] == "canary"
    assert "canary" not in repr(answer["request"])
    assert fault(await ask("listPets", {"X-Tags": "canary"}, sealed=["X-Tags"])) == ("configuration", 400)


async def test_S_55_a_server_inside_is_refused_wherever_the_document_came_from(
    serve: Any, exchange: Exchange, a_call: Any, fault: Any
) -> None:
    for server in ("http://169.254.169.254/", "https://10.0.0.1", "ftp://example.com", "https://user@example.com/"):
        uri = await serve({"GET /": {**THREE, "servers": [{"url": server}]}})
        arguments = {"document": {"uri": uri}, "operationId": "listPets"}
        answer = await OpenApiCall(exchange, Resources(exchange))(a_call("openapi", arguments))
        assert fault(answer) == ("configuration", 400), server


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        "text",
        {"openapi": "2.9"},
        {"openapi": "3.0.0", "paths": {"/a": {"$ref": "#/paths/~1a"}}},
        {"openapi": "3.0.0", "paths": []},
        {"openapi": "3.0.0", "paths": {"/a": {"get": {"operationId": "x", "parameters": [7]}}}},
        {"openapi": "3.0.0", "servers": [{"url": "{a}"}], "paths": {"/a": {"get": {"operationId": "x"}}}},
        {"openapi": "3.0.0", "paths": {"/a": {"get": {"operationId": "x", "parameters": [{"$ref": "https://x/y"}]}}}},
    ],
    ids=str,
)
async def test_a_document_that_is_wrong_is_a_configuration_error(
    serve: Any, exchange: Exchange, a_call: Any, fault: Any, document: Any
) -> None:
    uri = await serve({"GET /": document})
    answer = await OpenApiCall(exchange, Resources(exchange))(
        a_call("openapi", {"document": {"uri": uri}, "operationId": "x"})
    )
    assert fault(answer) == ("configuration", 400)


async def test_F_03_only_an_idempotent_operation_is_repeated(shop: str, exchange: Exchange, a_call: Any) -> None:
    function = OpenApiCall(exchange, Resources(exchange))
    for operation, expected in [("listPets", True), ("addPet", False), ("formPet", True), ("unknown", False)]:
        arguments = {"document": {"uri": shop + "/docs/three.json"}, "operationId": operation}
        assert await function.may_repeat(a_call("openapi", arguments)) is expected


@pytest.mark.parametrize("whole", [THREE, TWO], ids=["three", "two"])
@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_S_57_a_damaged_document_is_used_or_refused(whole: Any, data: Any) -> None:
    value = data.draw(damaged(whole))
    for name in ("listPets", "addPet", "formPet"):
        with contextlib.suppress(Refusal, Refused):
            operation = document.operation(value, name, "https://shop.example/docs/x.json")
            filling.request(operation, {"petId": 1, "name": "a", "filter": {"a": [1]}}, "k" * 64, Destination())
