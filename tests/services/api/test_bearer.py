"""A key is read from one header, sent once."""

from __future__ import annotations

import pytest

from tests.asgi import Caller


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "", "cookie": "key={key}"},
        {"authorization": "", "x-api-key": "{key}"},
        {"authorization": "{key}"},
        {"authorization": "Basic {key}"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer {key}, Bearer {key}"},
    ],
)
async def test_S_64_S_65_only_one_bearer_header_authenticates(operator: Caller, headers: dict[str, str]) -> None:
    sent = {name: value.replace("{key}", operator.key or "") for name, value in headers.items()}
    assert (await operator.get("/v1/me", headers=sent)).status == 401
    assert (await operator.having(None).get(f"/v1/me?key={operator.key}")).status == 401


async def test_S_65_two_authorization_headers_are_none(operator: Caller) -> None:
    bearer = (b"authorization", f"Bearer {operator.key}".encode())
    assert (await operator.exchange("GET", "/v1/me", [(b"host", b"localhost"), bearer, bearer], [b""])).status == 401
