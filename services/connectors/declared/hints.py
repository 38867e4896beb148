"""Refusals that say which setting of the connection to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from infra import egress
from infra.egress import Response
from services.connectors.sdk.answers import said
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Refusal

_REDIRECT: Final = 300
_CLIENT_ERROR: Final = 400
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_CHANGED: Final = 412


def refusal(answer: Response, context: Context, *, change: str, scopes: Sequence[str]) -> Refusal:
    """What a status says that no rule of the manifest is about; it is neither 2xx nor one that passes."""
    told = said(answer, context)
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
    if answer.status == _NOT_FOUND and "json" not in answer.headers.get("content-type", ""):
        detail = f"{words}. Is the setting `base_url` the address of its API?"
        return Refusal(detail, name="configuration", status=_NOT_FOUND, title="Nothing is at this address")
    return Refusal(words, status=answer.status)


def unauthenticated(words: str, change: str) -> Refusal:
    detail = f"{words}. Its credentials are refused; look at {change}"
    return Refusal(detail, name="authentication", status=_UNAUTHORIZED, title="The credentials are refused")


def forbidden(words: str, scopes: Sequence[str]) -> Refusal:
    rights = f"the rights {', '.join(scopes)}" if scopes else "the right to do this"
    detail = f"{words}. Give the account behind the connection {rights}"
    return Refusal(detail, name="authorization", status=_FORBIDDEN, title="A right is missing")


def _place(answer: Response) -> str:
    """The origin alone: the rest of an address may hold what nobody else may see."""
    try:
        return f", at {egress.canonical_origin(answer.headers.get('location', ''))}"
    except egress.Refused:
        return ""
