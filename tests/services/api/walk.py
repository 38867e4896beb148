"""Calls every route that the application has, with ids of things that are somebody's."""

from __future__ import annotations

import re
from typing import Any

from services.api.policy import Rule
from tests.asgi import Answer, Caller

KINDS = {
    "exception": "exc",
    "entry": "ent",
    "task": "tsk",
    "connection": "con",
    "connection_group": "grp",
    "workflow": "wfv",
    "deployment": "dep",
    "promotion": "prm",
    "event": "evt",
    "hold": "hld",
    "case": "evc",
    "workaround": "wka",
    "hook": "hok",
    "received": "rcv",
    "run": "run",
    "key": "key",
    "site": "sit",
    "role": "rol",
    "person": "acc",
    "invitation": "inv",
    "provider": "idp",
    "archived": "run",
    "endpoint": "whe",
    "entity": "ety",
    "message": "msg",
    "document": "doc",
    "suppression": "sup",
    "domain": "",
    "mapping": "",
    "calendar": "",
}
"""Parameters of paths that name a thing by its id, and what that begins with; empty: it is named by itself."""
PLAIN = {
    *("client", "environment", "partner"),  # whose things they are: test_matrix has every one of them
    *("address", "connector", "effect", "event_type", "name", "resource_type", "schema", "template"),
    *("user", "group"),  # whom a directory reaches: routes/test_scim_isolation.py
}
"""Parameters of paths that are no ids of things."""

Route = tuple[str, str, Rule]
Routes = list[Route]


async def knock(caller: Caller, method: str, path: str) -> Answer:
    """Call with an empty object for a body: whoever may not enter never gets so far as to have it read."""
    return await caller.send(method, path, {} if method in {"POST", "PATCH", "PUT"} else None)


def outcome(answer: Answer) -> Any:
    """The answer without what differs between any two."""
    told = {name: value for name, value in answer.json.items() if name != "request_id"}
    counted = {"request-id", "ratelimit", "ratelimit-policy"}
    return answer.status, {name: value for name, value in answer.headers.items() if name not in counted}, told


def named_in(template: str) -> list[str]:
    """What a path names by id."""
    return [name for name in re.findall(r"{(\w+)}", template) if name in KINDS]
