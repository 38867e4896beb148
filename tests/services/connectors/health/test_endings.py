"""When what a connection signs with ends, where that can be read."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from infra import clock, ids
from infra.encryption.secret import Secret
from services.connectors.health import endings
from services.connectors.health.endings import Ending
from services.connectors.sdk.context import OpenConnection
from services.connectors.sdk.grant import Grant
from tests.services.connectors.declared.authority import Authority

END = datetime(2030, 1, 1, tzinfo=UTC)


def _token(claims: Any) -> str:
    return f"head.{base64.urlsafe_b64encode(msgspec.json.encode(claims)).decode().rstrip('=')}.signature"


def _connection(secret: str, **settings: Any) -> OpenConnection:
    return OpenConnection(id=ids.new(), connector="sample", settings=settings, secrets={"token": Secret(secret)})


def test_a_certificate_and_a_token_tell_their_end(authority: Authority) -> None:
    certificate, _ = authority.issue(days=3)
    found = endings.first(_connection(_token({"exp": END.timestamp()}), certificate=certificate), None)
    assert found is not None
    assert found.what == "the certificate in the setting `certificate`"
    assert timedelta(days=2) < found.at - clock.now() < timedelta(days=4)
    token = endings.first(_connection(_token({"exp": END.timestamp()}), base_url="https://a.example"), Grant())
    assert token == Ending(END, "the secret `token`")


@pytest.mark.parametrize("claims", [{"exp": "soon"}, {"exp": 1e300}, {"exp": None}, {}, [], 7, "exp"])
def test_what_is_no_such_token_has_no_end(claims: Any) -> None:
    assert endings.first(_connection(_token(claims), certificate="-----BEGIN CERTIFICATE-----\nnone"), None) is None


def test_what_is_fetched_anew_is_told_where_nothing_else_ends() -> None:
    found = endings.first(_connection("plain-and-simple"), Grant(ends_at=END))
    assert found is not None
    assert (found.at, "fetched anew by itself" in found.what) == (END, True)
