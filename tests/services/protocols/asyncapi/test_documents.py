"""What an AsyncAPI document means for a call."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.protocols.asyncapi import document
from services.protocols.asyncapi.call import AsyncApiCall
from services.protocols.errors import Refusal
from services.protocols.exchange import Exchange
from services.protocols.resources.fetching import Resources
from tests.services.protocols.damage import damaged

TWO: dict[str, Any] = {
    "asyncapi": "2.6.0",
    "defaultContentType": "application/json",
    "servers": {
        "events": {"url": "kafka.example:9092", "protocol": "kafka"},
        "staging": {
            "url": "mqtts://{stage}.example:{port}",
            "protocol": "mqtt",
            "variables": {"stage": {"enum": ["dev", "test"]}, "port": {"default": "8883"}},
        },
        "web": {"url": "wss://web.example/v1/", "protocol": "wss"},
    },
    "channels": {
        "/orders/{region}": {
            "parameters": {"region": {"schema": {"default": "eu"}}},
            "publish": {
                "bindings": {"mqtt": {"qos": 2, "retain": True}},
                "message": {
                    "oneOf": [{"$ref": "#/components/messages/Order"}],
                },
            },
        },
        "only": {"servers": ["events"], "subscribe": {"message": {}}},
    },
    "components": {
        "messages": {"Order": {"contentType": "text/plain", "correlationId": {"location": "$message.header#/id"}}}
    },
}
THREE: dict[str, Any] = {
    "asyncapi": "3.0.0",
    "servers": {
        "queue": {"host": "queue.example", "protocol": "amqp"},
        "cache": {"$ref": "#/components/servers/cache"},
        "api": {"host": "api.example:8443", "pathname": "/v3", "protocol": "https"},
    },
    "channels": {
        "news": {"servers": [{"$ref": "#/servers/cache"}], "messages": {"a": {"contentType": "text/plain"}}},
        "hook": {"address": "/hook/{id}", "parameters": {"id": {"enum": ["a", "b"]}}},
        "users": {
            "address": "users/{user}",
            "servers": [{"$ref": "#/servers/cache"}],
            "parameters": {"user": {"location": "$message.payload#/user/id"}},
        },
        "lost": {"address": "x", "servers": [{"$ref": "#/servers/queue"}]},
    },
    "operations": {
        "read": {"action": "receive", "channel": {"$ref": "#/channels/news"}},
        "call": {"action": "send", "channel": {"$ref": "#/channels/hook"}, "bindings": {"http": {"method": "put"}}},
        "greet": {"action": "send", "channel": {"$ref": "#/channels/users"}},
        "lose": {"action": "send", "channel": {"$ref": "#/channels/lost"}},
    },
    "components": {"servers": {"cache": {"host": "cache.example", "protocol": "redis"}}},
}


def test_a_channel_of_version_2() -> None:
    found = document.target(TWO, {"channel": "orders/{region}", "publishes": True, "variables": {"stage": "test"}})
    assert (found.kind, found.host, found.port, found.tls) == ("mqtt", "test.example", 8883, True)
    assert (found.address, found.quality, found.retain) == ("/orders/eu", 2, True)
    assert (found.content_type, found.correlation) == ("text/plain", "$message.header#/id")
    found = document.target(TWO, {"channel": "/orders/{region}", "publishes": True, "server": "web"})
    assert (found.origin, found.path) == ("https://web.example:443", "/v1")
    found = document.target(TWO, {"channel": "/orders/{region}", "publishes": True, "protocol": "ws"})
    assert found.host == "web.example"


def test_an_operation_of_version_3() -> None:
    found = document.target(THREE, {"operation": "read", "publishes": False})
    assert (found.kind, found.host, found.port, found.tls) == ("redis", "cache.example", 6380, True)
    assert (found.address, found.content_type) == ("news", "text/plain")
    found = document.target(
        THREE, {"operation": "call", "publishes": True, "protocol": "http", "variables": {"id": "b"}}
    )
    assert (found.origin + found.path, found.address) == ("https://api.example:8443/v3", "/hook/b")
    assert found.method == "put"
    message = {"payload": {"user": {"id": 7}}}
    assert document.target(THREE, {"operation": "greet", "publishes": True, "message": message}).address == "users/7"


@pytest.mark.parametrize(
    ("given", "wanted", "words"),
    [
        (TWO, {"operation": "x"}, "name a `channel`"),
        (THREE, {"channel": "x"}, "name an `operation`"),
        (TWO, {"channel": "onyl"}, "meant 'only'"),
        (TWO, {"channel": "only"}, "'kafka' is not supported"),
        (TWO, {"channel": "only", "publishes": True}, "no operation `publish`"),
        (TWO, {"channel": "/orders/{region}", "publishes": True, "server": "nowhere"}, "no server 'nowhere'"),
        (
            TWO,
            {"channel": "/orders/{region}", "publishes": True, "variables": {"stage": "live"}, "server": "staging"},
            "is one of",
        ),
        (THREE, {"operation": "lose"}, "'amqp' is not supported"),
        (THREE, {"operation": "call", "protocol": "nats"}, "'nats' is not supported"),
        (THREE, {"operation": "call", "protocol": "ws"}, "no server of protocol ws"),
        (THREE, {"operation": "red"}, "meant 'read'"),
        ({"asyncapi": "1.2.0"}, {"channel": "x"}, "no AsyncAPI 2 or 3"),
        (THREE, {"operation": "greet", "publishes": True}, "'user' has no value"),
        ({**THREE, "servers": {}}, {"operation": "call"}, "names no server"),
        ({}, {"channel": "x"}, "no AsyncAPI 2 or 3"),
        ([], {"channel": "x"}, "no AsyncAPI 2 or 3"),
        ({"asyncapi": "3.0.0", "operations": {"x": {}}}, {"operation": "x"}, "not described"),
        ({"asyncapi": "2.0.0", "channels": {"x": 7}}, {"channel": "x"}, "not described"),
    ],
)
def test_what_cannot_be_called_is_said_in_words(given: Any, wanted: Any, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        document.target(given, {"publishes": False, **wanted})
    assert words in refused.value.error.detail


async def test_arguments_that_say_nothing_are_refused(serve: Any, exchange: Exchange, a_call: Any, fault: Any) -> None:
    local = {**THREE, "servers": {"api": {"host": "127.0.0.1:9", "protocol": "http"}}}
    uri = await serve({"GET /": local})
    function = AsyncApiCall(exchange, Resources(exchange))
    wrong: list[dict[str, Any]] = [{}, *({"subscription": one} for one in ({}, {"amount": 0}, {"amount": 10**6}))]
    wrong.append({"subscription": {"amount": 1, "within": 600_001}})
    for more in wrong:
        answer = await function(a_call("asyncapi", {"document": {"uri": uri}, "operation": "call", **more}))
        assert fault(answer) == ("configuration", 400)


async def test_F_03_a_message_is_published_once(exchange: Exchange, a_call: Any) -> None:
    function = AsyncApiCall(exchange, Resources(exchange))
    assert not await function.may_repeat(a_call("asyncapi", {"message": {}}))
    assert await function.may_repeat(a_call("asyncapi", {"subscription": {"amount": 1}}))


@pytest.mark.parametrize(("whole", "name"), [(TWO, "channel"), (THREE, "operation")], ids=["two", "three"])
@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_S_57_a_damaged_document_is_used_or_refused(whole: Any, name: str, data: Any) -> None:
    value = data.draw(damaged(whole))
    message = {"payload": {"user": {"id": 7}}}
    for wanted in ("/orders/{region}", "only", "read", "call", "greet"):
        for publishes in (True, False):
            with contextlib.suppress(Refusal):
                document.target(value, {name: wanted, "publishes": publishes, "message": message})
