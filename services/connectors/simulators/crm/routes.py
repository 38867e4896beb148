"""What the simulated CRM answers.

GET   /api/accounts?q=TEXT&email=E&taxId=T&page=N   those that fit all that is given, 2 a page
GET   /api/accounts/{id}                            with its `rev` as ETag
PATCH /api/accounts/{id}            If-Match        412 where somebody has changed it since
PUT   /api/activities/{id}                          an id of the caller's; the same again changes nothing
GET   /api/deals?after=N                            those that were won, in their order
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.documents import shown
from services.connectors.simulators.http import Answered
from services.connectors.simulators.simulated import Incoming, Simulated, route

_PAGE: Final = 2
"""Few, so that whoever reads one page only is found out."""


class _Changes(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    number: str | None = None
    stage: str | None = None
    phone: str | None = None


class _Activity(msgspec.Struct):
    accountId: str  # noqa: N815 (its interface's words)
    subject: str
    text: str


class Crm(Simulated):
    @route("GET", "/api/accounts")
    def search(self, asked: Incoming) -> Answered:
        given, page = asked.query, int(asked.query.get("page", "1"))
        found = [one for one in self.kept.all("account") if _fits(one, given)]
        return answers.json(
            200, {"total": len(found), "accounts": [_shown(one) for one in found[(page - 1) * _PAGE : page * _PAGE]]}
        )

    @route("GET", "/api/accounts/{}")
    def account(self, asked: Incoming) -> Answered:
        return _tagged(self.kept.have("account", asked.parts[0]))

    @route("PATCH", "/api/accounts/{}")
    def change(self, asked: Incoming) -> Answered:
        with self.kept.whole():
            account = self.kept.have("account", asked.parts[0])
            if asked.headers.get("if-match") not in {None, _tag(account)}:
                raise Refused(412, "changed", "Somebody has changed the account since it was read")
            changes = msgspec.to_builtins(asked.body(_Changes))
            account = {**account, **changes, "rev": account["rev"] + 1, "at": shown(self.now())}
            self.kept.put("account", account["id"], account)
        return _tagged(account)

    @route("PUT", "/api/activities/{}")
    def note(self, asked: Incoming) -> Answered:
        given, name = asked.body(_Activity), asked.parts[0]
        self.kept.have("account", given.accountId)
        if self.kept.get("activity", name) is None:
            self.kept.put("activity", name, {"id": name, "at": shown(self.now()), **msgspec.to_builtins(given)})
        return answers.json(200, self.kept.have("activity", name))

    @route("GET", "/api/deals")
    def deals(self, asked: Incoming) -> Answered:
        found = [one for one in self.kept.all("deal") if one["seq"] > int(asked.query.get("after", "0"))]
        listed = [{**one, "account": _shown(self.kept.have("account", one["accountId"]))} for one in found]
        return answers.json(200, {"deals": listed})

    def state(self, *, with_keys: bool) -> dict[str, Any]:
        revisions = {one["id"]: one["rev"] for one in self.kept.all("account")}
        return {"activity": 0, **super().state(with_keys=with_keys), "revisions": revisions}


def _fits(account: dict[str, Any], given: dict[str, str]) -> bool:
    text, email, tax = (given.get(name, "").casefold() for name in ("q", "email", "taxId"))
    return (
        text in account["name"].casefold()
        and email in {"", account["email"].casefold()}
        and tax in {"", (account["taxId"] or "").casefold()}
    )


def _shown(account: dict[str, Any]) -> dict[str, Any]:
    return {**account, "rev": _tag(account)}


def _tag(account: dict[str, Any]) -> str:
    return f'"{account["rev"]}"'


def _tagged(account: dict[str, Any]) -> Answered:
    return answers.json(200, _shown(account), (("ETag", _tag(account)),))
