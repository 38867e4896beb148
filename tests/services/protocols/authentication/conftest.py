"""An authority, and calls of what it protects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.engine.functions import Answer
from services.protocols.exchange import Exchange
from services.protocols.http_call import HttpCall
from tests.services.protocols.authentication.authority import SECRET, Authority


@pytest.fixture
def start(serve: Any) -> Any:
    async def run(authority: Authority, **more: Any) -> Authority:
        routes = {
            f"POST {authority.path}": authority.token,
            "GET /resource": authority.resource,
            "GET /.well-known/openid-configuration": authority.configuration,
            **more,
        }
        authority.url = await serve(routes)
        return authority

    return run


@pytest.fixture
def get(exchange: Exchange, a_call: Any) -> Callable[..., Any]:
    """Gets the protected resource of an authority by a policy, with `oauth2` unless it is told `oidc`."""
    function = HttpCall(exchange)

    async def run(authority: Authority, policy: dict[str, Any], kind: str = "oauth2", **more: Any) -> Answer:
        whole = {"authority": authority.url, "client": {"id": "the-client", "secret": SECRET}, **policy}
        arguments = {
            "method": "get",
            "endpoint": authority.url + "/resource",
            "authentication": {kind: whole},
        }
        return await function(a_call("http", arguments, **more))

    return run
