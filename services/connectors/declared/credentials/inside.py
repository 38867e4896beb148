"""Credentials as members of the body, as RPC of older systems has them: a database, a user's id, a key."""

from __future__ import annotations

from typing import Any

import msgspec

from infra.egress import Response
from infra.encryption.secret import Secret
from services.connectors.declared import document
from services.connectors.declared.credentials import login
from services.connectors.declared.credentials.fetched import Fetched, Fetching
from services.connectors.declared.credentials.kinds import Signed
from services.connectors.declared.requests import Outgoing
from services.connectors.sdk.answers import read_json
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Refusal
from services.engine import values

_FOUND = "found"


class Inside:
    """What a login gives is kept as other tokens are, though it may be as plain as a number."""

    def __init__(self, part: document.Inside) -> None:
        self._part = part
        self._fetching = None if part.login is None else Fetching(self._fetch)
        body = {} if part.login is None else part.login.body
        self.change = " and ".join(dict.fromkeys(login.named([*part.put.values(), body]))) or "its login"

    async def sign(self, outgoing: Outgoing, context: Context) -> Signed:
        given: Any = {}
        if self._fetching is not None:
            given = values.decode((await self._fetching.get(context)).reveal().encode())
        body = values.decode(outgoing.body) if outgoing.body else None
        for pointer, source in self._part.put.items():
            is_login = isinstance(source, dict) and source.keys() == {"login"}
            value = login.at(given[_FOUND], source["login"]) if is_login else login.filled(source, context)
            if not login.put(body, pointer, value):
                detail = f"The manifest's request has nothing at {pointer}, where its credentials go"
                raise Refusal(detail, name="configuration", title="The credentials have no place")
        return Signed(msgspec.structs.replace(outgoing, body=values.encode(body)))

    def has_ended(self, response: Response, context: Context) -> bool:
        """By 401."""
        return response.status == 401 and self.forget(context)  # noqa: PLR2004 (Unauthorized)

    def forget(self, context: Context) -> bool:
        return self._fetching is not None and self._fetching.forget(context)

    async def _fetch(self, context: Context) -> Fetched:
        assert self._part.login is not None  # noqa: S101 (there is no fetching without)
        found: Any = read_json(await login.logged_in(self._part.login, context, self.change))
        for source in self._part.put.values():
            if isinstance(source, dict) and source.keys() == {"login"} and not login.at(found, source["login"]):
                raise login.refused(f"Its login gave nothing at {source['login']}", self.change)
        return Fetched(Secret(values.encode({_FOUND: found}).decode()), self._part.seconds)
