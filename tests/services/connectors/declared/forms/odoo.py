"""A system that speaks JSON-RPC as Odoo does: errors in answers of 200, a key in each call or a session's cookie."""

from __future__ import annotations

import json
from typing import Any

from services.connectors.simulators.http import Answered, Asked
from tests.services.connectors.declared.other import SECRET, path_of, said

DATABASE, USER, UID = "acme", "robot", 7
PARTNERS = [{"id": one, "name": f"Example {one}"} for one in range(1, 4)]


class Odoo:
    """`logins`: how often somebody logged in; `raises`: the exception that the next call raises, as (code, name)."""

    def __init__(self) -> None:
        self.logins = 0
        self.raises: tuple[int, str] | None = None
        self.sessions: set[str] = set()

    def __call__(self, asked: Asked) -> Answered:
        sent = json.loads(asked.body)
        assert (sent["jsonrpc"], asked.headers["content-type"]) == ("2.0", "application/json")
        if path_of(asked) == "/api/web/session/authenticate":
            return self._authenticate(sent["params"])
        if path_of(asked) == "/api/web/dataset/call_kw":
            cookies = asked.headers.get("cookie", "")
            is_known = cookies.removeprefix("session_id=") in self.sessions
            return self._called(sent["params"]) if is_known else _error(100, "odoo.http.SessionExpiredException")
        return self._rpc(sent["params"])

    def _authenticate(self, params: dict[str, Any]) -> Answered:
        if params != {"db": DATABASE, "login": USER, "password": SECRET}:
            return _error(200, "odoo.exceptions.AccessDenied")
        self.logins += 1
        session = f"canary-session-{self.logins}"
        self.sessions = {session}
        expires = "Expires=Mon, 30 Nov 2026 10:00:00 GMT; Max-Age=604800; HttpOnly; Path=/"
        return said({"jsonrpc": "2.0", "id": 1, "result": {"uid": UID}}, Set_Cookie=f"session_id={session}; {expires}")

    def _rpc(self, params: dict[str, Any]) -> Answered:
        if params["service"] == "common":
            database, user, key, _ = params["args"]
            self.logins += 1
            is_right = (database, user, key) == (DATABASE, USER, SECRET)
            return said({"jsonrpc": "2.0", "id": 1, "result": UID if is_right else False})
        database, uid, key, model, method, args, kwargs = params["args"]
        if (database, uid, key) != (DATABASE, UID, SECRET):
            return _error(200, "odoo.exceptions.AccessDenied")
        return self._called({"model": model, "method": method, "args": args, "kwargs": kwargs})

    def _called(self, call: dict[str, Any]) -> Answered:
        if self.raises is not None:
            (code, name), self.raises = self.raises, None
            return _error(code, name)
        assert (call["model"], call["method"]) == ("res.partner", "search_read")
        ((_, _, wanted),) = call["args"][0]
        found = [one for one in PARTNERS if one["name"] == wanted]
        return said({"jsonrpc": "2.0", "id": 1, "result": found[: call["kwargs"]["limit"]]})


def _error(code: int, name: str) -> Answered:
    data = {"name": name, "message": f"{name} it is", "arguments": [], "debug": "Traceback (most recent call last)"}
    return said({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "Odoo Server Error", "data": data}})
