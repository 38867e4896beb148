"""A manifest that is begun from an OpenAPI document is right as it is, and says what a person has to decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from click.testing import CliRunner

from services.cli.commands.connector import command
from services.connectors.declared import checks, reading
from services.connectors.openapi.beginning import begin
from services.connectors.openapi.operations import access
from services.connectors.openapi.reading import NotImported, OpenApi
from tests.house.tree import ROOT

SHOP = """
openapi: 3.0.3
info: { title: Example shop, version: 2026-07 }
servers: [{ url: "https://shop.example/api" }]
security: [{ key: [] }]
paths:
  /orders/{order-id}:
    parameters: [{ name: order-id, in: path, required: true, schema: { type: integer } }]
    get:
      operationId: getOrder
      summary: Read an order
      parameters:
        - { name: expand, in: query, explode: false, schema: { type: array, items: { type: string } } }
        - { $ref: "#/components/parameters/Site" }
      responses:
        "200": { description: It, content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } }
  /orders:
    get:
      operationId: listOrders
      responses:
        default: { description: Wrong }
        "200":
          description: All
          content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Order" } } } }
    post:
      operationId: create_order_v2
      parameters: [{ name: Idempotency-Key, in: header, required: true, schema: { type: string } }]
      requestBody: { content: { application/json; charset=utf-8: { schema: { $ref: "#/components/schemas/Order" } } } }
      responses: { "201": { description: Made } }
  /files:
    post:
      operationId: upload
      requestBody: { content: { multipart/form-data: { schema: {} } } }
      responses: {}
components:
  parameters: { Site: { name: X-Site, in: header, schema: { type: string } } }
  securitySchemes: { key: { type: apiKey, in: header, name: X-Key } }
  schemas:
    Order:
      type: object
      required: [id, lines]
      properties:
        id: { type: integer, readOnly: true }
        note: { type: string, nullable: true, example: x }
        total: { type: number, minimum: 0, exclusiveMinimum: true }
        lines: { type: array, minItems: 1, items: { $ref: "#/components/schemas/Line" } }
    Line:
      type: object
      required: [item]
      properties:
        item: { type: string, minLength: 3 }
        parts: { type: array, items: { $ref: "#/components/schemas/Line" } }
"""
IDS = ["getOrder", "listOrders", "create_order_v2"]


def _begun(text: str, *chosen: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(begin(text.encode(), "sample-shop", chosen).manifest)
    return found


def test_operations_are_taken_with_all_that_the_document_says() -> None:
    made = _begun(SHOP, *IDS)
    assert made["follows"] == "OpenAPI document Example shop 2026-07"
    assert made["authentication"] == {"kind": "header", "header": "X-Key", "secret": "api_key"}
    assert made["health"] == {"operation": "sample-shop.list-orders"}
    read, listed, create = made["operations"].values()
    assert (read["title"], read["effect"], listed["title"]) == ("Read an order", "read", "listOrders")
    assert read["input"]["required"] == ["order-id"]
    assert read["request"]["path"] == 'orders/${ .["order-id"] }'
    assert read["request"]["headers"] == {"X-Site": '${ .["X-Site"] }'}
    assert read["request"]["query"]["expand"].startswith("${ if .expand == null")
    order = read["output"]
    assert order["properties"]["note"] == {"type": ["string", "null"]}
    assert order["properties"]["total"] == {"type": "number", "exclusiveMinimum": 0}
    assert order["properties"]["lines"]["items"]["properties"]["parts"]["items"] == {}, "what would not end is open"
    assert (order["required"], create["input"]["properties"]["body"]["required"]) == (["id", "lines"], ["lines"])
    assert (create["effect"], create["request"]["headers"]) == ("keyed", {"Idempotency-Key": "${ $key }"})
    assert list(made["operations"])[2] == "sample-shop.create-order-v2"


def test_a_connector_begins_by_a_command_and_its_tests_pass(tmp_path: Path) -> None:
    document = tmp_path / "shop.yaml"
    document.write_text(SHOP)
    given = ["new", "sample-shop", "--into", str(tmp_path), "--openapi", str(document)]
    chosen = [word for one in IDS for word in ("--operation", one)]
    result = CliRunner().invoke(command, [*given, *chosen])
    assert result.exit_code == 0, result.output
    assert "To decide: The base URL of a connection is https://shop.example/api" in result.output
    assert "how long are they known" in result.output
    assert "recursive" in result.output
    tried = CliRunner().invoke(command, ["test", str(tmp_path / "sample-shop")])
    assert tried.exit_code == 0, tried.output
    assert "3 passed, 0 failed" in tried.output
    missing = CliRunner().invoke(command, [*given, "--operation", "getOrders"])
    assert missing.exit_code == 2
    assert "did you mean getOrder" in missing.output
    assert CliRunner().invoke(command, ["new", "x", "--operation", "a"]).exit_code == 2


def test_every_operation_of_our_own_document_makes_a_manifest_that_fits() -> None:
    text = (ROOT / "services/portal/web/openapi.json").read_bytes()
    chosen = [name for name in OpenApi(text).operations if name.startswith(("list_", "create_", "get_"))]
    assert len(chosen) > 50
    for begins in range(0, len(chosen), 8):
        found = reading.read(begin(text, "sample-api", chosen[begins : begins + 8]).manifest)
        assert not list(checks.mistakes(found.document))


FLOW = {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://id.example/token", "scopes": {}}}}
AT_ID = {"authorizationUrl": "https://id.example/authorize", "tokenUrl": "https://id.example/token", "scopes": {}}
CODE = {"type": "oauth2", "flows": {"authorizationCode": AT_ID}}
BY_HAND = {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "https://id.example/authorize"}}}


@pytest.mark.parametrize(
    ("scheme", "authentication"),
    [
        ({"type": "http", "scheme": "Bearer"}, {"kind": "bearer", "secret": "token"}),
        ({"type": "http", "scheme": "basic"}, {"kind": "basic", "user": "user", "secret": "password"}),
        ({"type": "apiKey", "in": "query", "name": "k"}, {"kind": "query", "parameter": "k", "secret": "api_key"}),
        (
            {"type": "apiKey", "in": "cookie", "name": "sid"},
            {"kind": "header", "header": "Cookie", "prefix": "sid=", "secret": "api_key"},
        ),
        (
            FLOW,
            {
                "kind": "oauth2",
                "token_url": "https://id.example/token",
                "client_id": "client_id",
                "secret": "client_secret",
                "scopes": ["orders.read"],
            },
        ),
        (
            CODE,
            {
                "kind": "oauth2-code",
                "authorize_url": "https://id.example/authorize",
                "token_url": "https://id.example/token",
                "client_id": "client_id",
                "secret": "client_secret",
                "scopes": ["orders.read"],
            },
        ),
        (BY_HAND, {"kind": "bearer", "secret": "token"}),
        ({"type": "mutualTLS"}, {"kind": "bearer", "secret": "token"}),
    ],
)
def test_credentials_are_of_a_kind_that_manifests_have(scheme: dict[str, Any], authentication: dict[str, Any]) -> None:
    operation = {"operationId": "ping", "security": [{"it": ["orders.read"]}], "responses": {"204": {}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "paths": {"/ping": {"get": operation}},
        "components": {"securitySchemes": {"it": scheme}},
    }
    begun = begin(msgspec.json.encode(document), "sample", ["ping"])
    made = yaml.safe_load(begun.manifest)
    assert made["authentication"] == authentication
    assert made["operations"]["sample.ping"]["scopes"] == ["orders.read"]
    assert not list(checks.mistakes(reading.read(begun.manifest).document))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"swagger: '2.0'", "it is Swagger 2"),
        (b"openapi: 4.0.0", "it is OpenAPI 4.0.0"),
        (b"[1]", "no OpenAPI document"),
        (b"a: [", "no JSON or YAML"),
        (b"openapi: 3.1.0\na: &x [1]\nb: *x", "it has aliases"),
        (SHOP.encode(), "choose its operations: getOrder"),
        (SHOP.replace("#/components/schemas/Order", "other.yaml#/Order").encode(), "leads out of the document"),
        (SHOP.replace("#/components/schemas/Order", "#/components/schemas/Ordr").encode(), "leads nowhere"),
    ],
)
def test_what_cannot_be_imported_says_why(text: bytes, words: str) -> None:
    with pytest.raises(NotImported, match=words):
        begin(text, "sample", [] if "choose" in words else ["getOrder"])


def test_what_no_manifest_sends_is_refused() -> None:
    with pytest.raises(NotImported, match="upload sends multipart/form-data, and a manifest sends JSON"):
        begin(SHOP.encode(), "sample", ["upload"])


@pytest.mark.parametrize(("name", "written"), [("a_1", ".a_1"), ("a-b", '.["a-b"]'), ('"', '.["\\""]')])
def test_members_are_reached_whatever_they_are_called(name: str, written: str) -> None:
    assert access(name) == written
