"""Connections and workflows whose credentials go to a system that sends them back, in each way that there is."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from tests.echo import FETCHED
from tests.faults.plant import Plant

PLANTED = {
    "basic": 'canary-1/b4&91+c="f 8',
    "bearer": "canary-2-6f1e/0d+77=aa",
    "header": "canary-3-92ab.c1~d0!x",
    "named": "canary-4-0c77+e3/19==",
    "given in vain": "canary-5-5d/20+f8=b2",
    "replaced": "canary-6-71f/aa+90=cc",
    "client's": "canary-7-0b/8d+c2==f1",
    "mail server's": "canary-8 e7/a1+44=0c",
    "bucket's": "canary-9-d3/f6+21==b8",
    "fetched": FETCHED,
}
WITNESS = "witness-7f31c0d2a9"
"""What is no secret, and is put into each place: where it is not found a secret would not be, either."""
PATHS = ("json", "unauthorized", "redirect", "markup", "text", "form")
FIELDS = {"basic": "password", "bearer": "token", "header": "value"}
_ENDED = 5 * len(PATHS)


async def made(plant: Plant, path: str, body: Any) -> Any:
    answer = await plant.request("POST", path, body)
    assert answer.status == 201, answer.body
    return msgspec.json.decode(answer.body)


async def connect(plant: Plant, url: str, kind: str) -> str:
    settings = {"base_url": url, "allow_http": True, "authentication": kind}
    settings |= {"basic": {"user": "somebody"}, "bearer": {}, "header": {"header": "X-Key"}}[kind]
    body = {"name": kind, "connector": "http", "settings": settings, "secrets": {FIELDS[kind]: PLANTED["replaced"]}}
    connection: str = (await made(plant, "/v1/connections", body))["id"]
    changed = {"secrets": {FIELDS[kind]: PLANTED[kind]}}
    answer = await plant.request("PATCH", f"/v1/connections/{connection}", changed)
    assert answer.status == 200, answer.body
    return connection


async def deploy(plant: Plant, connections: dict[str, str]) -> None:
    """One workflow for each way in which a credential goes out and comes back; each ends as its call does."""
    for kind, connection in connections.items():
        for path in PATHS:
            call = {"call": "connector:1.0.0@default", "with": {"connection": "erp", "operation": "http.request"}}
            call["with"]["input"] = {"path": path}  # type: ignore[index]
            await _deploy(plant, f"{kind}-{path}", {"do": [{"ask": call}]}, {"erp": connection})


async def deploy_named(plant: Plant, url: str, connection: str) -> None:
    """The same by a secret that the document names, in a bearer token and in a header."""
    named = {"secrets": ["erp"], "authentications": {"erp": {"bearer": {"token": "${ $secrets.erp.token }"}}}}
    for path in PATHS:
        endpoint = {"uri": f"{url}/{path}", "authentication": {"use": "erp"}}
        given = {"method": "get", "endpoint": endpoint, "output": "response"}
        given["headers"] = {"X-Key": '${ "key " + $secrets.erp.token }'}
        document = {"use": named, "do": [{"ask": {"call": "http", "with": given}}]}
        await _deploy(plant, f"named-{path}", document, {"erp": connection})


async def _deploy(plant: Plant, name: str, document: dict[str, Any], bindings: dict[str, str]) -> None:
    about = {"dsl": "1.0.3", "namespace": "canaries", "name": name, "version": "1.0.0"}
    on = {"on": {"one": {"with": {"type": "canary.flew"}}}}
    whole = {"document": about, "schedule": on, **document}
    workflow = await made(plant, "/v1/workflows", {"document": msgspec.json.encode(whole).decode()})
    await made(plant, "/v1/deployments", {"name": name, "workflow": workflow["id"], "bindings": bindings})


async def deploy_granted(plant: Plant, url: str, connection: str) -> None:
    """The same by a token that is fetched for it, and a client's secret that fetches it."""
    client = {"id": "somebody", "secret": "${ $secrets.erp.token }"}
    policy = {"authority": url, "grant": "client_credentials", "client": client, "endpoints": {"token": "/token"}}
    for path in PATHS:
        endpoint = {"uri": f"{url}/{path}", "authentication": {"use": "erp"}}
        named = {"secrets": ["erp"], "authentications": {"erp": {"oauth2": policy}}}
        call = {"call": "http", "with": {"method": "get", "endpoint": endpoint, "output": "response"}}
        await _deploy(plant, f"granted-{path}", {"use": named, "do": [{"ask": call}]}, {"erp": connection})


async def named(plant: Plant, url: str, name: str) -> str:
    settings = {"base_url": url, "allow_http": True, "authentication": "bearer"}
    body = {"name": f"of-{name[:5]}", "connector": "http", "settings": settings, "secrets": {"token": PLANTED[name]}}
    return str((await made(plant, "/v1/connections", body))["id"])


async def fly(plant: Plant) -> str:
    """Start all of them, and wait until they have come to an end; one of them."""
    event = {"specversion": "1.0", "id": "1", "source": "/tests", "type": "canary.flew", "data": {"of": WITNESS}}
    sent = await plant.request("POST", "/v1/events", event, headers={"content-type": "application/cloudevents+json"})
    assert sent.status == 202, sent.body
    while True:
        states = await plant.states()
        ended = sum(states.get(state, 0) for state in ("completed", "faulted"))
        if ended >= _ENDED:
            assert states["completed"] >= 5, states
            runs = msgspec.json.decode(sent.body)["runs"]
            return str(runs[0])
        await asyncio.sleep(0.1)


async def deploy_witness(plant: Plant) -> None:
    """By the ways of a client: as the name of a connection, of a workflow and its deployment, and in an event."""
    settings = {"base_url": "https://erp.example", "authentication": "none"}
    await made(plant, "/v1/connections", {"name": WITNESS, "connector": "http", "settings": settings})
    await _deploy(plant, WITNESS, {"do": [{"note": {"set": {"seen": WITNESS}}}]}, {})
