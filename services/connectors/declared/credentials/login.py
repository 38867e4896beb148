"""A login that a manifest describes: a request with settings and secrets in its body, and what its answer gives."""

from __future__ import annotations

from typing import Any, Final

from infra.egress import Response
from services.connectors.declared import document
from services.connectors.declared.credentials.kinds import secret
from services.connectors.sdk.answers import expect_success
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Refusal
from services.engine import values

_REFUSED: Final = frozenset({400, 401, 403})
_UNAUTHORIZED: Final = 401
_ABSENT: Final = object()


async def logged_in(login: document.Login, context: Context, change: str) -> Response:
    """The answer to a login that went well. `change`: what to look at when it did not.

    Raises:
        Refusal: the credentials are refused: by a status, or by an `error` in an answer of 200.
        Away: not now.
    """
    answer = await context.send(
        login.method,
        login.path,
        headers={"Content-Type": "application/json", "Accept": "application/json"},
        body=values.encode(filled(login.body, context)),
    )
    if answer.status in _REFUSED:
        raise refused(f"Its login answered with status {answer.status}", change)
    try:
        body = values.decode(expect_success(answer, context, change=change).body)
    except values.ValueRefused:
        return answer  # who needs it to be JSON says so
    if isinstance(body, dict) and (body.get("error") or body.get("errors")):
        raise refused("Its login answered with an error", change)
    return answer


def refused(words: str, change: str) -> Refusal:
    detail = f"{words}; look at {change}"
    return Refusal(detail, name="authentication", status=_UNAUTHORIZED, title="The credentials are refused")


def unlike(what: str) -> Refusal:
    """The answer to a login has none of `what`."""
    detail = f"The answer to its login has no {what}; is `base_url` the address of its API?"
    return Refusal(detail, name="authentication", status=502, title="The answer has another form")


def filled(part: Any, context: Context) -> Any:
    """A part of a manifest with settings and secrets put in."""
    if isinstance(part, list):
        return [filled(one, context) for one in part]
    if not isinstance(part, dict):
        return part
    if part.keys() == {"secret"}:
        return secret(context, part["secret"]).reveal()
    if part.keys() == {"setting"}:
        return context.settings.get(part["setting"])
    return {name: filled(one, context) for name, one in part.items()}


def named(part: Any) -> list[str]:
    """What people change of it."""
    if isinstance(part, list):
        return [name for one in part for name in named(one)]
    if not isinstance(part, dict):
        return []
    for kind in ("secret", "setting"):
        if part.keys() == {kind}:
            return [f"the {kind} `{part[kind]}`"]
    return [name for one in part.values() for name in named(one)]


def at(value: Any, pointer: str) -> Any:
    """What a JSON pointer leads to; None where it leads nowhere."""
    for name in parts(pointer):
        if isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict):
            value = value.get(name)
        else:
            return None
    return value


def put(value: Any, pointer: str, given: Any) -> bool:
    """`given` in the place of what is there; whether there is such a place."""
    *way, last = parts(pointer)
    for name in way:
        value = _step(value, name)
    if _step(value, last) is _ABSENT:
        return False
    value[int(last) if isinstance(value, list) else last] = given
    return True


def _step(value: Any, name: str) -> Any:
    if isinstance(value, list) and name.isdigit() and int(name) < len(value):
        return value[int(name)]
    return value.get(name, _ABSENT) if isinstance(value, dict) else _ABSENT


def parts(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
