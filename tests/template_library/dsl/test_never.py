"""What the language allows and no installation can run is refused when it is read, at its place."""

from __future__ import annotations

import pytest

from template_library.dsl import DocumentError, parse
from tests.template_library.dsl.pairs import HEAD

HTTP = "http, with: {method: get, endpoint: "
CLIENT = "authority: 'https://a.b', grant: client_credentials, client"
SERVICE = "service: {name: a, host: b}, method: c}"
MCP = "mcp, with: {method: tools/list, transport: {http: {endpoint: 'https://a.b'}}"


@pytest.mark.parametrize(
    ("call", "pointer", "words"),
    [
        (HTTP + "'ftp://a.b/c'}", "with/endpoint", "`ftp:` cannot be called"),
        ("grpc, with: {proto: {endpoint: 'file://a'}, " + SERVICE, "with/proto/endpoint", "serve it over https"),
        (HTTP + "'https://a.b', headers: {Host: c}}", "with/headers/Host", "no header that a call can set"),
        (HTTP + "'https://a.b', headers: {'a b': c}}", "with/headers/a b", "no header that a call can set"),
        (MCP + ", protocolVersion: '2024-01-01'}", "with/protocolVersion", "2025-11-25"),
        (MCP + ", timeout: PT11M}", "with/timeout", "at most 600 s"),
        ("a2a, with: {method: message/send, server: 'https://a.b'}", "with", "needs `parameters.message`"),
        (
            HTTP + "{uri: 'https://a.b', authentication: {oauth2: {" + CLIENT + ": {id: c}}}}}",
            "with/endpoint/authentication/oauth2/client",
            "`secret` is missing",
        ),
        (
            HTTP
            + "{uri: 'https://a.b', authentication: {oidc: {authority: 'https://a.b', grant: authorization_code,"
            + " client: {id: c, secret: d}}}}}",
            "with/endpoint/authentication/oidc/grant",
            "a person at a browser",
        ),
        ("'https://a.b/{c}.yaml'", "call", "must be written out"),
    ],
)
def test_what_can_never_run_is_refused_with_its_place(call: str, pointer: str, words: str) -> None:
    text = f"{HEAD}do:\n  - t: {{call: {call}}}\n"
    with pytest.raises(DocumentError) as caught:
        parse(text)
    (violation,) = caught.value.violations
    assert violation.pointer == f"/do/0/t/{pointer}"
    assert words in violation.message
    assert parse(text, whole=True).do == ("/do/0/t",), "the language itself has it"


def test_a_private_catalogue_or_schema_is_refused_where_it_is_named() -> None:
    secret = "authentication: {bearer: {token: t}}"  # noqa: S105 (an example)
    text = (
        f"{HEAD}use: {{catalogs: {{ours: {{endpoint: {{uri: 'https://a.b', {secret}}}}}}}}}\n"
        f"input: {{schema: {{resource: {{endpoint: {{uri: 'https://a.b/s.json', {secret}}}}}}}}}\n"
        "do:\n  - t: {call: 'log:1.0.0@ours'}\n"
    )
    with pytest.raises(DocumentError) as caught:
        parse(text)
    found = {one.pointer: (one.line, one.message) for one in caught.value.violations}
    assert found.keys() == {"/use/catalogs/ours/endpoint", "/input/schema/resource/endpoint"}
    assert all("copy it into the document" in message for _, message in found.values())
    assert all(line > 1 for line, _ in found.values())
