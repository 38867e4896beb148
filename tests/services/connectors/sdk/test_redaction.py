"""S-72: what the other side echoes."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from infra.encryption.secret import Secret
from services.connectors.sdk.redaction import EXCERPT, excerpt

VALUE = 'canary/7f3a+b="x y'
FORMS = [
    VALUE,
    quote(VALUE, safe=""),
    json.dumps(VALUE)[1:-1],
    base64.b64encode(VALUE.encode()).decode(),
    base64.b64encode(b"user:" + VALUE.encode()).decode(),
    base64.b64encode(b"u:" + VALUE.encode() + b" and more").decode(),
    base64.urlsafe_b64encode(VALUE.encode()).decode(),
    VALUE.encode().hex(),
]


@pytest.mark.parametrize("form", FORMS)
def test_S_72_a_secret_is_masked_in_every_common_form(form: str) -> None:
    text = excerpt(f"You sent {form} to us", [Secret(VALUE)])
    assert "[redacted]" in text
    assert form not in text


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Basic dXNlcjp1bmtub3duLXNlY3JldA==",
        '{"api_key": "unknown-secret"}',
        '{"Set-Cookie":"unknown-secret"}',
        "access_token=unknown-secret&x=1",
        "<a>password: unknown-secret</a>",
        "X-Auth-Token: unknown-secret",
    ],
)
def test_S_72_a_secret_that_we_do_not_know_is_masked_by_its_name(text: str) -> None:
    shown = excerpt(text, [])
    assert "unknown-secret" not in shown
    assert "dXNlcjp1bmtub3duLXNlY3JldA" not in shown


def test_an_excerpt_is_short_and_one_line_and_cuts_no_secret_in_two() -> None:
    assert excerpt("a\r\nb\x1b[31m\u202ec", []) == "a b [31m c"
    long = "x" * (EXCERPT - 5) + VALUE
    shown = excerpt(long, [Secret(VALUE)])
    assert len(shown) <= EXCERPT + 1
    assert "canary" not in shown
    assert excerpt(b"\xff\xfe", []) == "\ufffd\ufffd"
