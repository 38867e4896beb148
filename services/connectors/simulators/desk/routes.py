"""What the simulated service desk answers. The key goes along in the query, as `api_key`; instants are seconds of Unix.

POST /api/tickets                   Idempotency-Key; {ticket: {…}}; 201, or 200 for a key that came before
GET  /api/tickets/{id}
GET  /api/tickets?queue=Q&reference=R&status=a,b&since=ISO&after=CURSOR      2 a page
PUT  /api/tickets/{id}              {ticket: {status, stamp}}; 409 `UpdateConflict` where the stamp is an older one
POST /api/tickets/{id}/comments     {comment: {text, public, mark}}; the mark is kept and looked at by nobody
GET  /api/tickets/{id}/comments?mark=M
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import parse_qs

import msgspec

from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.documents import shown
from services.connectors.simulators.http import Answered, Asked
from services.connectors.simulators.simulated import Incoming, Simulated, route

_PAGE: Final = 2
"""Few, so that whoever reads one page only is found out."""
_OPENED: Final = timedelta(hours=1)
"""After which an agent has looked at a new ticket."""


class _New(msgspec.Struct):
    queue: str
    subject: str
    text: str
    requester: str | None = None
    reference: str | None = None


class _NewTicket(msgspec.Struct):
    ticket: _New


class _Change(msgspec.Struct):
    status: Literal["open", "pending", "solved", "spam"]
    stamp: int | None = None


class _Changed(msgspec.Struct):
    ticket: _Change


class _Comment(msgspec.Struct):
    text: str
    public: bool
    mark: str = ""


class _NewComment(msgspec.Struct):
    comment: _Comment


class Desk(Simulated):
    def refusal(self, asked: Asked, path: str) -> Answered | None:
        del path
        given = parse_qs(asked.target.partition("?")[2]).get("api_key", [""])[-1]
        return None if self.token is None or hmac.compare_digest(given.encode(), self.token.encode()) else self.expire()

    def expire(self) -> Answered:
        return self.refused(Refused(401, "Unauthenticated", "The key does not hold"))

    def refused(self, refused: Refused) -> Answered:
        return answers.json(refused.status, {"error": refused.problem["title"], "description": str(refused)})

    def answer(self, asked: Asked, path: str, query: str) -> Answered:
        self._settle()
        return super().answer(asked, path, query)

    def state(self, *, with_keys: bool) -> dict[str, Any]:
        self._settle()
        states = {one["id"]: one["status"] for one in self.kept.all("ticket")}
        return {"comment": 0, **super().state(with_keys=with_keys), "states": states}

    @route("POST", "/api/tickets")
    def create(self, asked: Incoming) -> Answered:
        given = asked.body(_NewTicket).ticket
        key = asked.headers.get("idempotency-key", "")
        ticket, is_new = self.kept.once(key, msgspec.to_builtins(given), lambda: self._made(given))
        return answers.json(201 if is_new else 200, {"ticket": _shown(ticket)})

    @route("GET", "/api/tickets/{}")
    def ticket(self, asked: Incoming) -> Answered:
        return answers.json(200, {"ticket": _shown(self.kept.have("ticket", asked.parts[0]))})

    @route("GET", "/api/tickets")
    def search(self, asked: Incoming) -> Answered:
        after = int(asked.query.get("after", "0"))
        found = [one for one in self.kept.all("ticket") if _fits(one, asked.query) and int(one["id"]) > after]
        more = found[_PAGE - 1]["id"] if len(found) > _PAGE else None
        return answers.json(200, {"tickets": [_shown(one) for one in found[:_PAGE]], "meta": {"after": more}})

    @route("PUT", "/api/tickets/{}")
    def change(self, asked: Incoming) -> Answered:
        given = asked.body(_Changed).ticket
        with self.kept.whole():
            ticket = self.kept.have("ticket", asked.parts[0])
            if given.stamp not in {None, ticket["stamp"]}:
                raise Refused(409, "UpdateConflict", "Somebody has changed the ticket since it was read")
            changed = {**ticket, "status": given.status, "stamp": ticket["stamp"] + 1, "changed": shown(self.now())}
            self.kept.put("ticket", ticket["id"], changed)
        return answers.json(200, {"ticket": _shown(changed)})

    @route("POST", "/api/tickets/{}/comments")
    def comment(self, asked: Incoming) -> Answered:
        given, ticket = asked.body(_NewComment).comment, self.kept.have("ticket", asked.parts[0])
        name = f"{self.kept.count('comment') + 1}"
        made = {"id": name, "ticket": ticket["id"], "at": shown(self.now()), **msgspec.to_builtins(given)}
        self.kept.put("comment", name, made)
        return answers.json(201, {"comment": {**made, "id": int(name), "at": _seconds(made["at"])}})

    @route("GET", "/api/tickets/{}/comments")
    def comments(self, asked: Incoming) -> Answered:
        ticket, mark = self.kept.have("ticket", asked.parts[0]), asked.query.get("mark")
        found = [
            one for one in self.kept.all("comment") if one["ticket"] == ticket["id"] and mark in {None, one["mark"]}
        ]
        return answers.json(
            200, {"comments": [{**one, "id": int(one["id"]), "at": _seconds(one["at"])} for one in found]}
        )

    def _made(self, given: _New) -> dict[str, Any]:
        if self.kept.get("queue", given.queue) is None:
            raise Refused(422, "UnknownQueue", f"There is no queue {given.queue}")
        name = f"{100 + self.kept.count('ticket') + 1}"
        made = {"id": name, **msgspec.to_builtins(given), "status": "new", "stamp": 1, "at": shown(self.now())}
        self.kept.put("ticket", name, made)
        return made

    def _settle(self) -> None:
        """An agent has looked at what came an hour ago."""
        for one in self.kept.all("ticket"):
            seen = datetime.fromisoformat(one["at"]) + _OPENED
            if one["status"] == "new" and seen <= self.now():
                changed = {**one, "status": "open", "stamp": one["stamp"] + 1, "changed": shown(seen)}
                self.kept.put("ticket", one["id"], changed)


def _fits(ticket: dict[str, Any], given: dict[str, str]) -> bool:
    since = given.get("since")
    changed = datetime.fromisoformat(ticket.get("changed", ticket["at"]))
    return (
        given.get("queue", ticket["queue"]) == ticket["queue"]
        and given.get("reference", ticket["reference"]) == ticket["reference"]
        and ticket["status"] in given.get("status", ticket["status"]).split(",")
        and (since is None or changed >= datetime.fromisoformat(since))
    )


def _shown(ticket: dict[str, Any]) -> dict[str, Any]:
    kept = {name: ticket[name] for name in ("queue", "subject", "requester", "reference", "status", "stamp")}
    created, changed = _seconds(ticket["at"]), _seconds(ticket.get("changed", ticket["at"]))
    return {"id": int(ticket["id"]), **kept, "created": created, "updated": changed}


def _seconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp())
