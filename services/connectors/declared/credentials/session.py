"""A login whose answer holds a token, which goes along until it is refused or its time is over."""

from __future__ import annotations

from typing import Any, Final

from infra.egress import Response
from infra.encryption.secret import MIN_LENGTH, Secret
from services.connectors.declared import document
from services.connectors.declared.credentials.fetched import Fetched, Fetching
from services.connectors.declared.credentials.kinds import Signed, secret
from services.connectors.declared.requests import Outgoing
from services.connectors.sdk.answers import expect_success, read_json
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Refusal
from services.engine import values

_REFUSED: Final = frozenset({400, 401, 403})


class Session:
    def __init__(self, part: document.Session) -> None:
        self._part = part
        self._fetching = Fetching(self._fetch)
        self.change = " and ".join(_named(part.login.body)) or "its login"

    async def sign(self, outgoing: Outgoing, context: Context) -> Signed:
        token = await self._fetching.get(context)
        return Signed(outgoing, {self._part.header: Secret(self._part.prefix + token.reveal())})

    def has_ended(self, response: Response, context: Context) -> bool:
        return response.status in self._part.ended and self.forget(context)

    def forget(self, context: Context) -> bool:
        return self._fetching.forget(context)

    async def _fetch(self, context: Context) -> Fetched:
        login = self._part.login
        answer = await context.send(
            login.method,
            login.path,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            body=values.encode(_filled(login.body, context)),
        )
        if answer.status in _REFUSED:
            detail = f"Its login answered with status {answer.status}; look at {self.change}"
            raise Refusal(detail, name="authentication", status=401, title="The credentials are refused")
        token = _at(read_json(expect_success(answer, context)), self._part.token)
        if not isinstance(token, str) or len(token) < MIN_LENGTH:
            detail = (
                f"The answer to its login has no token at {self._part.token}; is `base_url` the address of its API?"
            )
            raise Refusal(detail, name="authentication", status=502, title="The answer has another form")
        return Fetched(Secret(token), self._part.seconds)


def _filled(part: Any, context: Context) -> Any:
    """The body with settings and secrets put in."""
    if isinstance(part, list):
        return [_filled(one, context) for one in part]
    if not isinstance(part, dict):
        return part
    if part.keys() == {"secret"}:
        return secret(context, part["secret"]).reveal()
    if part.keys() == {"setting"}:
        return context.settings.get(part["setting"])
    return {name: _filled(one, context) for name, one in part.items()}


def _named(part: Any) -> list[str]:
    """What people change of it."""
    if isinstance(part, list):
        return [name for one in part for name in _named(one)]
    if not isinstance(part, dict):
        return []
    for kind in ("secret", "setting"):
        if part.keys() == {kind}:
            return [f"the {kind} `{part[kind]}`"]
    return [name for one in part.values() for name in _named(one)]


def _at(value: Any, pointer: str) -> Any:
    """What a JSON pointer leads to; None where it leads nowhere."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict):
            value = value.get(name)
        else:
            return None
    return value
