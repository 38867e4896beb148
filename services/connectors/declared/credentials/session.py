"""A login whose answer holds a token, which goes along until it is refused or its time is over."""

from __future__ import annotations

import re
from typing import Final

from infra.egress import Response
from infra.encryption.secret import MIN_LENGTH, Secret
from services.connectors.declared import document
from services.connectors.declared.credentials import login
from services.connectors.declared.credentials.fetched import Fetched, Fetching
from services.connectors.declared.credentials.kinds import Signed
from services.connectors.declared.requests import Outgoing
from services.connectors.sdk.answers import read_json
from services.connectors.sdk.context import Context

_COOKIE: Final = re.compile(r"(?:^|,\s*)([^\s=;,]+)=\"?([^\s\";,]*)")
"""In `Set-Cookie`, where several are joined by a comma (RFC 6265, 4.1.1)."""


class Session:
    def __init__(self, part: document.Session) -> None:
        self._part = part
        self._fetching = Fetching(self._fetch)
        self.change = " and ".join(login.named(part.login.body)) or "its login"

    async def sign(self, outgoing: Outgoing, context: Context) -> Signed:
        token = (await self._fetching.get(context)).reveal()
        if self._part.cookie:
            return Signed(outgoing, {"Cookie": Secret(f"{self._part.cookie}={token}")})
        return Signed(outgoing, {self._part.header: Secret(self._part.prefix + token)})

    def has_ended(self, response: Response, context: Context) -> bool:
        return response.status in self._part.ended and self.forget(context)

    def forget(self, context: Context) -> bool:
        return self._fetching.forget(context)

    async def _fetch(self, context: Context) -> Fetched:
        answer = await login.logged_in(self._part.login, context, self.change)
        if self._part.cookie:
            found = _COOKIE.finditer(answer.headers.get("set-cookie", ""))
            token = next((one[2] for one in found if one[1] == self._part.cookie), None)
            place = f"cookie {self._part.cookie}"
        else:
            token, place = login.at(read_json(answer), self._part.token), f"token at {self._part.token}"
        if not isinstance(token, str) or len(token) < MIN_LENGTH:
            raise login.unlike(place)
        return Fetched(Secret(token), self._part.seconds)
