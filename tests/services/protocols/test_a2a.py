"""Agents by the A2A protocol (S-53, S-55, S-56, S-57)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from services.engine.functions import Answer, Done, Failed
from services.protocols.a2a import A2aCall
from services.protocols.exchange import Exchange
from services.protocols.resources.fetching import Resources

PARTS = {"parts": [{"kind": "text", "text": "Generate the Q1 sales report."}]}
TASK = {"kind": "task", "id": "t1", "status": {"state": "working"}}


class Agent:
    """Speaks JSON-RPC at `/rpc`; its card is at the well-known place and says where that is."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, str | None]] = []
        self.card: dict[str, Any] = {"name": "reporter", "url": "/rpc", "preferredTransport": "JSONRPC"}
        self.results: list[Any] = [{"result": TASK}]

    async def serve_card(self, request: web.Request) -> web.StreamResponse:
        self.heard.append(("card", request.headers.get("Authorization")))
        return web.json_response(self.card)

    async def rpc(self, request: web.Request) -> web.StreamResponse:
        message = await request.json()
        self.heard.append((message, request.headers.get("Authorization")))
        answers = [{"jsonrpc": "2.0", "id": message["id"], **one} for one in self.results]
        if message["method"] not in {"message/stream", "tasks/resubscribe"}:
            return web.json_response(answers[0])
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number, answer in enumerate(answers):
            await response.write(f"id: {number}\ndata: {json.dumps(answer)}\n\n".encode())
        return response


@pytest.fixture
async def agent(serve: Any) -> tuple[Agent, str]:
    running = Agent()
    url: str = await serve({"GET /.well-known/agent-card.json": running.serve_card, "POST /rpc": running.rpc})
    return running, url


@pytest.fixture
def ask(exchange: Exchange, a_call: Any) -> Callable[..., Any]:
    function = A2aCall(exchange, Resources(exchange))

    async def run(method: str, parameters: Any = None, **more: Any) -> Answer:
        arguments = {"method": method, **({"parameters": parameters} if parameters is not None else {}), **more}
        return await function(a_call("a2a", arguments))

    return run


async def test_a_message_is_sent_to_the_agent_of_a_card(agent: tuple[Agent, str], ask: Any) -> None:
    policy = {"bearer": {"token": "of-anna"}}
    answer = await ask("message/send", {"message": PARTS}, agentCard={"uri": agent[1], "authentication": policy})
    assert answer == Done(output=TASK)
    (card, first), (message, second) = agent[0].heard
    assert (card, first, second) == ("card", "Bearer of-anna", "Bearer of-anna")
    sent = message["params"]["message"]
    assert (sent["role"], sent["parts"], len(sent["messageId"])) == ("user", PARTS["parts"], 36)
    await ask("message/send", {"message": PARTS}, server={"uri": agent[1] + "/rpc"})
    assert agent[0].heard[-1][0]["params"]["message"]["messageId"] == sent["messageId"], "the same in a repetition"
    own = {"message": {**PARTS, "messageId": "mine", "role": "agent"}}
    await ask("message/send", own, server={"uri": agent[1] + "/rpc"})
    assert agent[0].heard[-1][0]["params"]["message"] == {**own["message"], "kind": "message"}


async def test_a_stream_is_all_of_its_results(agent: tuple[Agent, str], ask: Any, fault: Any) -> None:
    agent[0].results = [{"result": {"n": number}} for number in range(3)]
    server = {"uri": agent[1] + "/rpc"}
    assert await ask("message/stream", {"message": PARTS}, server=server) == Done(output=[{"n": 0}, {"n": 1}, {"n": 2}])
    assert await ask("tasks/resubscribe", {"id": "t1"}, server=server) == Done(output=[{"n": 0}, {"n": 1}, {"n": 2}])
    agent[0].results.append({"error": {"code": -32001, "message": "gone"}})
    assert fault(await ask("tasks/resubscribe", {"id": "t1"}, server=server)) == ("runtime", 500)


@pytest.mark.parametrize("method", ["tasks/get", "tasks/list", "tasks/cancel", "tasks/pushNotificationConfig/set"])
async def test_other_methods_pass_their_parameters(agent: tuple[Agent, str], ask: Any, method: str) -> None:
    assert await ask(method, {"id": "t1"}, server={"uri": agent[1] + "/rpc"}) == Done(output=TASK)
    assert (agent[0].heard[0][0]["method"], agent[0].heard[0][0]["params"]) == (method, {"id": "t1"})
    await ask("agent/getAuthenticatedExtendedCard", server={"uri": agent[1] + "/rpc"})
    assert "params" not in agent[0].heard[1][0]


async def test_a_refusal_of_the_agent_is_a_runtime_error_without_our_secret(
    agent: tuple[Agent, str], ask: Any, fault: Any
) -> None:
    agent[0].results = [{"error": {"code": -32001, "message": "no task for canary-token\nhere"}}]
    policy = {"bearer": {"token": "canary-token"}}
    answer = await ask("tasks/get", {"id": "x"}, server={"uri": agent[1] + "/rpc", "authentication": policy})
    assert fault(answer) == ("runtime", 500)
    assert isinstance(answer, Failed)
    assert answer.error.detail.endswith("error -32001: no task for *** here")


async def test_S_56_the_credentials_of_a_card_go_to_no_agent_elsewhere(
    agent: tuple[Agent, str], ask: Any, serve: Any
) -> None:
    thief = Agent()
    agent[0].card = {"supportedInterfaces": [{"url": await serve({"POST /x": thief.rpc}) + "/x"}]}
    policy = {"bearer": {"token": "canary"}}
    answer = await ask("tasks/get", {"id": "x"}, agentCard={"uri": agent[1], "authentication": policy})
    assert answer == Done(output=TASK)
    assert [who for _, who in thief.heard] == [None]


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ({}, ("configuration", 400)),
        ({"url": "http://x", "preferredTransport": "GRPC"}, ("configuration", 400)),
        ({"url": "http://169.254.169.254/"}, ("configuration", 400)),
        ({"url": "file:///etc/passwd"}, ("configuration", 400)),
        ({"url": 7}, ("configuration", 400)),
    ],
    ids=str,
)
async def test_S_55_a_card_that_leads_inside_or_nowhere_is_refused(
    agent: tuple[Agent, str], ask: Any, fault: Any, card: Any, expected: tuple[str, int]
) -> None:
    agent[0].card = card
    assert fault(await ask("tasks/get", {"id": "x"}, agentCard={"uri": agent[1]})) == expected


async def test_a_card_may_offer_json_rpc_beside_what_it_prefers(agent: tuple[Agent, str], ask: Any) -> None:
    agent[0].card = {
        "url": "/grpc",
        "preferredTransport": "GRPC",
        "additionalInterfaces": [{"url": "/rest", "transport": "HTTP+JSON"}, {"url": "/rpc", "transport": "JSONRPC"}],
    }
    assert await ask("tasks/get", {"id": "x"}, agentCard={"uri": agent[1] + "/"}) == Done(output=TASK)


async def test_of_two_versions_the_one_that_has_the_languages_methods_is_called(
    agent: tuple[Agent, str], ask: Any
) -> None:
    new, old = (
        {"url": path, "protocolBinding": "JSONRPC", "protocolVersion": version}
        for path, version in (("/new", "1.0"), ("/rpc", "0.3"))
    )
    agent[0].card = {"supportedInterfaces": [new, old]}
    assert await ask("tasks/get", {"id": "x"}, agentCard={"uri": agent[1]}) == Done(output=TASK)


async def test_what_is_missing_is_said(ask: Any, fault: Any) -> None:
    assert fault(await ask("tasks/get")) == ("configuration", 400)
    assert fault(await ask("message/send", {"text": "x"}, server={"uri": "https://a.example/"})) == (
        "configuration",
        400,
    )


async def test_F_03_a_message_is_sent_once(exchange: Exchange, a_call: Any) -> None:
    function = A2aCall(exchange, Resources(exchange))
    for method, expected in [("message/send", False), ("message/stream", False), ("tasks/get", True)]:
        assert await function.may_repeat(a_call("a2a", {"method": method})) is expected
