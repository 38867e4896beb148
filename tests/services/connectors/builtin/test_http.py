"""The generic HTTP connector, against the simulated ERP."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra.egress import Request, Response
from infra.encryption.secret import Secret
from services.connectors.builtin import all_connectors
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.engine.functions import Done, Failed, Later, Unknown
from tests.services.connectors.conftest import TOKEN, Desk, Simulator


@pytest.fixture
def http(desk: Desk) -> Desk:
    settings = desk.connection.settings | {"authentication": "bearer"}
    desk.connection = msgspec.structs.replace(desk.connection, connector="http", settings=settings)
    return desk


async def test_a_request_is_sent_below_the_base_url_with_the_connections_token(http: Desk) -> None:
    answer = await http.call("http.request", {"path": "/items", "query": {"code": "SKU-1"}})
    assert isinstance(answer, Done)
    assert (answer.output["status"], answer.output["body"]["items"][0]["code"]) == (200, "SKU-1")


async def test_a_post_carries_the_runs_key(http: Desk, simulator: Simulator) -> None:
    body = {"reference": "A", "customer": "ACME-001", "currency": "USD"}
    body["lines"] = [{"item": "SKU-1", "quantity": "1", "unit_price": 1}]  # type: ignore[assignment]
    answer = await http.call("http.request", {"method": "POST", "path": "orders", "body": body}, key="the-key")
    assert isinstance(answer, Done)
    assert list((await simulator.state())["keys"]) == ["the-key"]


@pytest.mark.parametrize(
    ("authentication", "settings", "secrets"),
    [
        ("none", {}, {}),
        ("basic", {"user": "u"}, {"password": "long enough"}),
        ("bearer", {}, {}),
        ("header", {"header": "Authorization"}, {"value": f"Bearer {TOKEN}"}),
    ],
)
async def test_each_kind_of_authentication(
    http: Desk, authentication: str, settings: dict[str, str], secrets: dict[str, str]
) -> None:
    http.connection = msgspec.structs.replace(
        http.connection,
        settings=http.connection.settings | {"authentication": authentication} | settings,
        secrets={name: Secret(value) for name, value in secrets.items()},
    )
    answer = await http.call("http.request", {"path": "items"})
    if authentication == "header":
        assert isinstance(answer, Done)
    else:
        assert isinstance(answer, Failed)
        assert answer.error.status == (422 if authentication == "bearer" else 401)


@pytest.mark.parametrize("path", ["//evil.example/x", "https://evil.example/", "../x", "a/%2e%2e/x"])
async def test_S_56_a_path_cannot_leave_the_base_url(http: Desk, path: str, simulator: Simulator) -> None:
    answer = await http.call("http.request", {"path": path})
    assert isinstance(answer, Failed)
    assert answer.error.type.rpartition("/")[2] == "configuration"
    assert (await simulator.state())["requests"] == 0


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Transfer-Encoding"])
async def test_S_56_a_step_cannot_set_routing_headers(http: Desk, header: str) -> None:
    assert isinstance(await http.call("http.request", {"headers": {header: "evil.example"}}), Failed)


@pytest.mark.parametrize(
    ("method", "fault", "honoured", "expected"),
    [
        ("GET", "cut", False, Later),
        ("PUT", "cut", False, Later),
        ("POST", "cut", False, Unknown),
        ("POST", "hang", False, Unknown),
        ("POST", "cut", True, Later),
        ("PATCH", "unavailable", False, Unknown),
    ],
)
async def test_F_03_an_unknown_outcome_is_repeated_only_where_that_is_safe(
    http: Desk,
    simulator: Simulator,
    method: str,
    fault: str,
    honoured: bool,  # noqa: FBT001 (a parameter of the test)
    expected: Any,
) -> None:
    settings = http.connection.settings | {"idempotency_keys": honoured}
    http.connection = msgspec.structs.replace(http.connection, settings=settings)
    await simulator.faults(next=[fault] * 2)  # an idempotent method is tried twice on a cut connection
    answer = await http.call("http.request", {"method": method, "path": "orders", "body": {}})
    assert isinstance(answer, expected)


@pytest.mark.parametrize(
    ("values", "honoured", "expected"),
    [
        ({}, False, True),
        ({"method": "PUT"}, False, True),
        ({"method": "POST"}, False, False),
        ({"method": "PATCH"}, False, False),
        ({"method": "POST"}, True, True),
        ({"method": "PATCH"}, True, True),
        ({"method": "BREW"}, False, True),  # never sent
    ],
)
async def test_F_03_a_call_that_a_dead_worker_may_have_made_is_repeated_only_where_that_is_safe(
    http: Desk,
    values: dict[str, Any],
    honoured: bool,  # noqa: FBT001 (a parameter of the test)
    expected: bool,  # noqa: FBT001
) -> None:
    settings = http.connection.settings | {"idempotency_keys": honoured}
    http.connection = msgspec.structs.replace(http.connection, settings=settings)
    assert await http.may_repeat("http.request", values) is expected


async def test_S_57_a_body_that_claims_to_be_json_and_is_not_is_no_answer(http: Desk, simulator: Simulator) -> None:
    await simulator.faults(next=["not-json"])
    answer = await http.call("http.request", {"path": "items"})
    assert isinstance(answer, Done), "text/html is text"
    assert answer.output["body"].startswith("<html>")


class Side:
    """The other side: gives one answer, and keeps what came."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer
        self.requests: list[Request] = []

    async def send(self, _tenant: UUID, request: Request) -> Response:
        self.requests.append(request)
        return self.answer


def side(http: Desk, body: bytes, status: int = 200) -> Side:
    found = Side(Response(status, {"content-type": "application/json"}, body))
    http.function = ConnectorFunction(Registry(all_connectors()), http, found)
    return found


@pytest.mark.parametrize(("method", "expected"), [("POST", Unknown), ("PATCH", Unknown), ("PUT", Later)])
async def test_F_03_an_accepted_request_with_an_unreadable_answer_is_repeated_only_where_that_is_safe(
    http: Desk, method: str, expected: type
) -> None:
    other = side(http, b"OK", status=201)
    assert isinstance(await http.call("http.request", {"method": method, "path": "orders"}), expected)
    assert len(other.requests) == 1


@pytest.mark.parametrize(
    ("method", "status", "expected"), [("POST", 303, Unknown), ("PUT", 303, Failed), ("POST", 422, Failed)]
)
async def test_F_03_a_post_that_is_answered_with_a_redirect_may_have_been_done(
    http: Desk, method: str, status: int, expected: type
) -> None:
    side(http, b"", status=status)
    assert isinstance(await http.call("http.request", {"method": method, "path": "orders"}), expected)


async def test_S_29_values_go_out_and_come_back_as_they_are(http: Desk) -> None:
    fraction = Decimal("0.10000000000000000555")
    other = side(http, b'{"n":0.10000000000000000555}')
    answer = await http.call(
        "http.request",
        {
            "method": "PUT",
            "path": "items",
            "query": {"active": True, "price": fraction, "name": "a b"},
            "body": {"price": fraction},
        },
    )
    assert isinstance(answer, Done)
    assert answer.output["body"] == {"n": fraction}
    assert other.requests[0].url.endswith("/items?active=true&price=0.10000000000000000555&name=a+b")
    assert other.requests[0].body == b'{"price":0.10000000000000000555}'


@pytest.mark.parametrize(
    ("status", "headers", "kind", "words"),
    [
        (401, {}, "authentication", "Its credentials are refused; look at the secret `token`"),
        (403, {}, "authorization", "Give the account behind the connection the right to do this"),
        (404, {"content-type": "text/html"}, "configuration", "Is the setting `base_url` the address of its API?"),
        (301, {"location": "https://new.example/x?key=1"}, "configuration", "at https://new.example: change the"),
    ],
)
async def test_S_72_what_is_refused_says_which_setting_to_change(
    http: Desk, status: int, headers: dict[str, str], kind: str, words: str
) -> None:
    http.function = ConnectorFunction(Registry(all_connectors()), http, Side(Response(status, headers, b"no")))
    answer = await http.call("http.request", {"path": "items"})
    assert isinstance(answer, Failed)
    assert (answer.error.type.rpartition("/")[2], answer.error.status) == (kind, status)
    assert words in answer.error.detail


@pytest.mark.parametrize(
    ("settings", "secrets", "words"),
    [
        ({"authentication": "none"}, {}, "look at the setting `authentication`"),
        ({"authentication": "basic", "user": "u"}, {"password": "long enough"}, "`user` and the secret `password`"),
        ({"authentication": "header"}, {"value": "long enough"}, "look at the setting `header` and the secret `value`"),
    ],
)
async def test_S_72_refused_credentials_are_named_as_they_are_sent(
    http: Desk, settings: dict[str, str], secrets: dict[str, str], words: str
) -> None:
    http.connection = msgspec.structs.replace(
        http.connection,
        settings=http.connection.settings | settings,
        secrets={name: Secret(value) for name, value in secrets.items()},
    )
    side(http, b"{}", status=401)
    answer = await http.call("http.request", {"path": "items"})
    assert isinstance(answer, Failed)
    assert words in answer.error.detail


async def test_A19_a_call_that_never_went_out_says_so(http: Desk) -> None:
    refused = await http.call("http.request", {"path": "../x"})
    assert isinstance(refused, Failed)
    assert not refused.sent
    answered = await http.call("http.request", {"path": "nothing"})
    assert isinstance(answered, Failed)
    assert answered.sent
