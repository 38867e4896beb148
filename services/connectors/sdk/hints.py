"""Refusals that say which setting, secret or right of the connection to look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from infra import egress
from infra.egress import Response
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Refusal

_REDIRECT: Final = 300
_CLIENT_ERROR: Final = 400
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_CHANGED: Final = 412
_CONFLICT: Final = 409
_ELSEWHERE: Final = frozenset({404, 405})
"""Of an address that is none of the interface's, where what comes with it is no JSON."""


def refusal(answer: Response, told: str, *, change: str, scopes: Sequence[str]) -> Refusal:
    """What a status says that nobody foresaw; it is neither 2xx nor one that passes. `told`: an excerpt of its words.

    `change`: what to look at when credentials are refused, in words; `scopes`: rights that are needed.
    """
    words = f"It answered with status {answer.status}{f': {told}' if told else ''}"
    if _REDIRECT <= answer.status < _CLIENT_ERROR:
        detail = f"{words}. It is elsewhere{_place(answer)}: change the setting `base_url`"
        return Refusal(detail, name="configuration", status=answer.status, title="The address leads elsewhere")
    if answer.status == _UNAUTHORIZED:
        return unauthenticated(words, change)
    if answer.status == _FORBIDDEN:
        return forbidden(words, scopes)
    if answer.status == _CHANGED:
        return Refusal(f"{words}. It was changed since it was read, and nothing was written", status=_CHANGED)
    if answer.status in _ELSEWHERE and "json" not in answer.headers.get("content-type", ""):
        detail = f"{words}. Is the setting `base_url` the address of its API?"
        return Refusal(detail, name="configuration", status=answer.status, title="Nothing is at this address")
    return Refusal(words, status=answer.status)


def unauthenticated(words: str, change: str) -> Refusal:
    detail = f"{words}. Its credentials are refused; look at {change}"
    return Refusal(detail, name="authentication", status=_UNAUTHORIZED, title="The credentials are refused")


def forbidden(words: str, scopes: Sequence[str]) -> Refusal:
    rights = f"the rights {', '.join(scopes)}" if scopes else "the right to do this"
    detail = f"{words}. Give the account behind the connection {rights}"
    return Refusal(detail, name="authorization", status=_FORBIDDEN, title="A right is missing")


def changed(words: str, name: str, status: int, *, is_secret: bool) -> Refusal:
    """A no that ends when this setting or secret is changed. `status`: of the answer, which may be a good one."""
    if is_secret:
        detail = f"{words}. Look at the secret `{name}` of the connection"
        known = status if status >= _CLIENT_ERROR else _UNAUTHORIZED
        return Refusal(detail, name="authentication", status=known, title="The credentials are refused")
    known = status if status >= _CLIENT_ERROR else _CONFLICT
    return Refusal(f"{words}. Look at the setting `{name}` of the connection", name="configuration", status=known)


def secrets(context: Context) -> str:
    """What to look at of a connection of which nobody says by which of its secrets it signs."""
    names = sorted(context.secrets)
    return (
        f"the {'secrets' if len(names) > 1 else 'secret'} {listed(names)}"
        if names
        else "its settings: it has no secret"
    )


def listed(names: Iterable[str]) -> str:
    """Names of settings or secrets, marked so that a form finds them."""
    *others, last = [f"`{one}`" for one in names]
    return f"{', '.join(others)} and {last}" if others else last


def _place(answer: Response) -> str:
    """The origin alone: the rest of an address may hold what nobody else may see."""
    try:
        return f", at {egress.canonical_origin(answer.headers.get('location', ''))}"
    except egress.Refused:
        return ""
