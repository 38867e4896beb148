"""What connectors in code are given for an answer that is an error: with what to change, by whom it is signed."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import pytest

from infra.egress import Response
from infra.encryption.secret import Secret
from services.connectors.sdk.answers import expect_success
from services.connectors.sdk.context import Context, OpenConnection
from services.connectors.sdk.errors import Refusal


def context(*secrets: str) -> Context:
    held = {name: Secret(f"canary-of-{name}") for name in secrets}
    connection = OpenConnection(id=UUID(int=1), connector="own", settings={}, secrets=held)
    return Context(cast("Any", None), UUID(int=1), connection, "k")


@pytest.mark.parametrize(
    ("secrets", "words"),
    [
        (("token",), "look at the secret `token`"),
        (("user", "password"), "look at the secrets `password` and `user`"),
        ((), "look at its settings: it has no secret"),
    ],
)
def test_S_72_whose_credentials_are_refused_is_named_without_being_told(secrets: tuple[str, ...], words: str) -> None:
    body = b'{"message": "no such canary-of-token"}'
    with pytest.raises(Refusal) as refused:
        expect_success(Response(401, {"content-type": "application/json"}, body), context(*secrets))
    assert refused.value.name == "authentication"
    assert refused.value.detail.endswith(words)
    assert ("canary" in refused.value.detail) is ("token" not in secrets)


def test_S_72_rights_that_an_operation_needs_are_named() -> None:
    with pytest.raises(Refusal, match=r"the rights orders\.read, orders\.write") as refused:
        expect_success(Response(403, {}, b""), context("token"), scopes=("orders.read", "orders.write"))
    assert (refused.value.name, refused.value.status) == ("authorization", 403)
