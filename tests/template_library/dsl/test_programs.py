"""What decides where a secret goes, and in what form (S-53, S-75)."""

from __future__ import annotations

import pytest

from template_library.dsl import DocumentError, parse
from template_library.dsl.programs import is_written, keeps_secrets_whole, origin_is_written, settles_origin
from tests.template_library.dsl.pairs import HEAD

PARAMETER = "$runtime.metadata.parameters.base"


@pytest.mark.parametrize(
    "program",
    [
        '"https://a.b"',
        r'"https://a.b/\(.x)"',
        '"https://a.b/" + .x',
        '"https://a.b?q=" + (.x | @uri)',
        '("https://a.b/" + .x)',
        r'@uri "https://a.b/\(.x)"',
        PARAMETER,
        f'{PARAMETER} + "/x"',
        f'{PARAMETER} + "/" + .x',
        r'$runtime.metadata.parameters["base"] + "/\(.x)"',
        rf'"\({PARAMETER})/x/\(.x)"',
        rf'"https://\({PARAMETER})/x/\(.x)"',
    ],
)
def test_S_53_an_origin_of_the_document_or_the_deployment_is_settled(program: str) -> None:
    assert settles_origin(program)


@pytest.mark.parametrize(
    "program",
    [
        ".x",
        r'"https://\(.x)/"',
        r'"https://a.b\(.x)"',
        r'"https://a.b:\(.x)/"',
        '"https://a.b/" + .x | .y',
        '"https://a.b/" + .x // .y',
        '"https://a.b/" as $x | .y',
        '"https://a.b/", .x',
        'if .x then "https://a.b/" else "https://c.d/" end',
        f"{PARAMETER} + .x",
        rf'"https://\({PARAMETER})\(.x)/"',
        "$runtime.metadata.parameters[.x]",
        "$runtime.metadata.parameters",
        "$runtime.metadata",
        f"({PARAMETER} | .y)",
        '. + "https://a.b/"',
        '"" + .x',
        "",
    ],
)
def test_S_53_an_origin_that_a_run_decides_is_not(program: str) -> None:
    assert not settles_origin(program)


def test_S_53_a_uri_template_has_no_placeholder_before_its_path() -> None:
    for text in ("https://a.b", "https://a.b/{c}", "https://a.b?c={c}", "https://a.b:8/{c}"):
        assert origin_is_written(text)
    for text in ("https://{c}/a", "https://a.b{c}", "{c}", "https://a.b:{c}/", "https://{c}@a.b/"):
        assert not origin_is_written(text)
    assert is_written(rf'"a-\({PARAMETER})"')
    assert not is_written(r'"a-\(.x)"')


@pytest.mark.parametrize(
    "program",
    [
        "$secrets.erp.token",
        '$secrets["erp"].token',
        '$secrets."erp".list[0]',
        r'"Bearer \($secrets.erp.token)"',
        '"Bearer " + $secrets.erp.token',
        r'"Basic " + ("\($secrets.erp.user):\($secrets.erp.password)" | @base64)',
        r'@base64 "\($secrets.erp.user)"',
        r'"\(.a[0:2])-\($secrets.erp.token)"',
        "$authorization.parameter",
    ],
)
def test_S_75_a_secret_is_used_whole(program: str) -> None:
    assert keeps_secrets_whole(program)


@pytest.mark.parametrize(
    "program",
    [
        "$secrets",
        "$secrets | .erp",
        "$secrets[.x]",
        "$secrets.erp[.x]",
        "$secrets.erp.token[0:4]",
        "($secrets.erp.token)[0:4]",
        "$secrets.erp.token | reverse",
        "$secrets.erp.token | ascii_downcase",
        "$secrets.erp.token | explode",
        "$secrets.erp.token | @html",
        "$secrets.erp.token | @base64 | @base64",
        r'@base64 "\($secrets.erp.token | @uri)"',
        "$secrets.erp.token as $x | $x[0:4]",
        "{a: $secrets.erp.token}",
        ".[$secrets.erp.token]",
        "$secrets.erp.token | test(.x)",
        'if $secrets.erp.token == .x then "a" else "b" end',
        "$authorization.parameter | @base64d",
    ],
)
def test_S_75_a_secret_is_not_split_or_transformed(program: str) -> None:
    assert not keeps_secrets_whole(program)
    call = f"{{call: http, with: {{method: get, endpoint: 'https://a.b', headers: {{k: '${{ {program} }}'}}}}}}"
    with pytest.raises(DocumentError, match="a secret is used by its path"):
        parse(f"{HEAD}use: {{secrets: [erp]}}\ndo:\n  - t: {call}\n", whole=True)


BEARER = "authentication: {bearer: {token: t}}"
KEY = "{k: '${ $secrets.s }'}"
OAUTH = "grant: client_credentials, client: {id: c, secret: d}"


@pytest.mark.parametrize(
    ("call", "pointer"),
    [
        (f"http, with: {{method: get, endpoint: {{uri: '${{ .u }}', {BEARER}}}}}", "endpoint/uri"),
        (f"http, with: {{method: get, endpoint: {{uri: 'https://{{h}}/a', {BEARER}}}}}", "endpoint/uri"),
        (f"http, with: {{method: get, endpoint: '${{ .u }}', headers: {KEY}}}", "endpoint"),
        (f"http, with: {{method: get, endpoint: 'https://{{h}}/a', headers: {KEY}}}", "endpoint"),
        (f"openapi, with: {{document: {{endpoint: '${{ .u }}'}}, operationId: o, {BEARER}}}", "document"),
        (f"openapi, with: {{document: {{endpoint: '${{ .u }}'}}, operationId: o, parameters: {KEY}}}", "document"),
        (
            (
                f"grpc, with: {{proto: {{endpoint: 'https://a.b'}}, method: m, service: {{name: n, host: '${{ .h }}',"
                f" {BEARER}}}}}"
            ),
            "service/host",
        ),
        (f"asyncapi, with: {{document: {{endpoint: '${{ .u }}'}}, channel: c, message: {{}}, {BEARER}}}", "document"),
        (
            (
                "asyncapi, with: {document: {endpoint: 'https://a.b'}, channel: c, message: {}, server: {name: n,"
                f" variables: {{h: '${{ .h }}'}}}}, {BEARER}}}"
            ),
            "server/variables",
        ),
        (f"a2a, with: {{method: tasks/list, server: {{uri: '${{ .u }}', {BEARER}}}}}", "server/uri"),
        (
            f"mcp, with: {{method: tools/list, transport: {{http: {{endpoint: '${{ .u }}', headers: {KEY}}}}}}}",
            "transport/http/endpoint",
        ),
        (
            (
                "http, with: {method: get, endpoint: {uri: 'https://a.b', authentication: {oauth2: {authority:"
                f" 'https://{{h}}/x', {OAUTH}}}}}}}}}"
            ),
            "endpoint/authentication/oauth2/authority",
        ),
        (
            (
                "http, with: {method: get, endpoint: {uri: 'https://a.b', authentication: {oauth2: {authority:"
                f" 'https://a.b', endpoints: {{token: '${{ .u }}'}}, {OAUTH}}}}}}}}}"
            ),
            "endpoint/authentication/oauth2/endpoints/token",
        ),
    ],
)
def test_S_53_no_run_decides_where_credentials_go(call: str, pointer: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(f"{HEAD}use: {{secrets: [s]}}\ndo:\n  - t: {{call: {call}}}\n", whole=True)
    (violation,) = caught.value.violations
    assert violation.pointer == f"/do/0/t/with/{pointer}"
    assert violation.message.startswith("write")
    assert "$runtime.metadata.parameters" in violation.message
