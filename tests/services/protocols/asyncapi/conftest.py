from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.engine.functions import Answer
from services.protocols.asyncapi.call import AsyncApiCall
from services.protocols.exchange import Exchange
from services.protocols.resources.fetching import Resources


@pytest.fixture
def speak(serve: Any, exchange: Exchange, a_call: Any) -> Callable[..., Any]:
    """Calls `asyncapi` with a document of version 3: one server at `host`, the channel `news` at `address`."""
    function = AsyncApiCall(exchange, Resources(exchange))

    async def run(protocol: str, host: str, address: str = "news", **more: Any) -> Answer:
        document = {
            "asyncapi": "3.0.0",
            "servers": {"main": {"host": host, "protocol": protocol, **more.pop("server_more", {})}},
            "channels": {
                "news": {
                    "address": address,
                    "messages": {"one": {"correlationId": {"location": "$message.payload#/id"}}},
                    **more.pop("channel", {}),
                }
            },
            "operations": {
                "talk": {"action": "send", "channel": {"$ref": "#/channels/news"}, "bindings": more.pop("bindings", {})}
            },
        }
        uri = await serve({"GET /asyncapi.json": document})
        arguments = {"document": {"uri": uri + "/asyncapi.json"}, "operation": "talk", **more}
        return await function(a_call("asyncapi", arguments))

    return run
