"""Workflows of n8n as its import takes them: what answers with its last node, what calls back, and one that forgets."""

from __future__ import annotations

import itertools
from typing import Any

from tests.counterparts.n8n.install import SECRET


def _node(name: str, kind: str, version: float, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    own = {"id": name.lower().replace(" ", "-"), "name": name, "type": f"n8n-nodes-base.{kind}", "position": [0, 0]}
    return {**own, "typeVersion": version, "parameters": parameters, **more}


def _webhook(path: str, mode: str) -> dict[str, Any]:
    """One that asks for the token."""
    parameters = {
        "httpMethod": "POST", "path": path, "responseMode": mode, "authentication": "headerAuth", "options": {},
    }  # fmt: skip
    credentials = {"httpHeaderAuth": {"id": "callers", "name": "callers"}}
    return _node("Webhook", "webhook", 2, parameters, webhookId=path, credentials=credentials)


def _text(name: str, value: str) -> dict[str, Any]:
    made = [{"id": "text", "name": "text", "value": value, "type": "string"}]
    options = {"mode": "manual", "includeOtherFields": False, "options": {}}
    return _node(name, "set", 3.4, {**options, "assignments": {"assignments": made}})


def _workflow(name: str, *nodes: dict[str, Any]) -> dict[str, Any]:
    """The nodes, one after the other."""
    links = {
        one["name"]: {"main": [[{"node": after["name"], "type": "main", "index": 0}]]}
        for one, after in itertools.pairwise(nodes)
    }
    head = {"id": name, "name": name, "active": False, "settings": {"executionOrder": "v1"}, "pinData": {}, "tags": []}
    return {**head, "nodes": list(nodes), "connections": links}


def doubling() -> dict[str, Any]:
    """Answers with what it was told, when its last node has ended."""
    told = "={{ JSON.stringify({ n: $json.body.n, key: $json.headers['idempotency-key'] }) }}"
    return _workflow("doubling", _webhook("doubling", "lastNode"), _text("Answer", told))


def calling_back() -> dict[str, Any]:
    """Answers at once, and calls the address `callback` of its body, signed, by the key of its call."""
    return _workflow("calling-back", _webhook("calling-back", "onReceived"), *_called_back())


def handing_on() -> dict[str, Any]:
    """The same, and answers when what it called has taken it."""
    return _workflow("handing-on", _webhook("handing-on", "lastNode"), *_called_back())


def forgetting() -> dict[str, Any]:
    """The same, behind a note of the key, by which a repetition is dropped: what is not to be done."""
    seen = {
        "operation": "removeItemsSeenInPreviousExecutions",
        "logic": "removeItemsWithAlreadySeenKeyValues",
        "dedupeValue": "={{ $json.headers['idempotency-key'] }}",
        "options": {},
    }
    noted = _node("Seen", "removeDuplicates", 2, seen)
    return _workflow("forgetting", _webhook("forgetting", "lastNode"), noted, *_called_back())


def _called_back() -> tuple[dict[str, Any], ...]:
    """The id of what goes out is the key: to whoever takes it, twice is once."""
    told = (
        "={{ JSON.stringify({ id: $json.headers['idempotency-key'], subject: $json.body.order, "
        "approved: $json.body.total < 100 }) }}"
    )
    signed = {"action": "hmac", "type": "SHA256", "value": "={{ $json.text }}", "dataPropertyName": "signature",
              "secret": SECRET, "encoding": "hex"}  # fmt: skip
    sent = {
        "method": "POST",
        "url": "={{ $('Webhook').item.json.body.callback }}",
        "sendHeaders": True,
        "headerParameters": {"parameters": [{"name": "X-Signature", "value": "={{ $json.signature }}"}]},
        "sendBody": True,
        "contentType": "raw",
        "rawContentType": "application/json",
        "body": "={{ $json.text }}",
        "options": {},
    }
    return (
        _text("Answer", told),
        _node("Sign", "crypto", 1, signed),
        _node("Call back", "httpRequest", 4.2, sent),
    )
