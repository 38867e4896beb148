"""Errors of an answer as what they mean: a definite no, later, other credentials, or nobody knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, Literal

import msgspec

from infra.egress import Response
from services.connectors.declared.forms.form import Trouble
from services.connectors.sdk import hints
from services.connectors.sdk.answers import LONGEST_WAIT, said
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away, Misread, Refusal
from services.connectors.sdk.redaction import excerpt

Kind = Literal["retry", "refuse", "reconnect", "uncertain"]
SCOPES: Final = "scopes"
"""What a rule's `change` names where rights help, and no setting."""

_CLIENT_ERROR: Final = 400
_CONFLICT: Final = 409


class Ended(Exception):
    """A rule says that the credentials do not hold. `words`: why, for a person."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Judged(msgspec.Struct, frozen=True):
    """An answer that is an error.

    Attributes:
        change: what to look at when credentials are refused.
        scopes: rights that the operation needs.
        secrets: names of those of the manifest; what a rule has changed besides is a setting.
        seconds: for which the other side wants to be left alone, where it says so.
    """

    response: Response
    context: Context
    trouble: Trouble | None
    change: str
    scopes: Sequence[str]
    secrets: Collection[str]
    seconds: float | None


class Said(msgspec.Struct, frozen=True):
    """A rule's `message`, filled. `ours`: it is the manifest's own, and has nothing of the answer in it."""

    words: Any = None
    ours: bool = False


def of_rule(kind: Kind, judged: Judged, *, told: Said, after: Any, change: str | None) -> Exception:
    """What a rule of the manifest says. `after`: seconds until it is asked again; `change`: what helps."""
    words = _words(judged, told, is_refusal=kind == "refuse")
    if kind == "reconnect":
        return Ended(words)
    if kind == "refuse":
        if change == SCOPES:
            return hints.forbidden(words, judged.scopes)
        if change is not None:
            return hints.changed(words, change, judged.response.status, is_secret=change in judged.secrets)
        return Refusal(words, status=_status(judged.response))
    return Away(_lower(words), seconds=_seconds(after, judged), sent=kind == "uncertain")


def of_trouble(judged: Judged, trouble: Trouble, body: Any) -> Exception:
    """What an error means that no rule is about."""
    if trouble.means == "misread":
        heard = excerpt(trouble.words, judged.context.secrets.values())
        return Misread("it answered with an error, beside an answer that may be whole or a part", body, heard)
    words = _words(judged, Said(), is_refusal=trouble.means in {"", "refuse", "forbidden"})
    if trouble.means == "reconnect":
        return Ended(words)
    if trouble.means == "forbidden":
        return hints.forbidden(words, judged.scopes)
    if trouble.means in {"retry", "uncertain"}:
        return Away(_lower(words), seconds=judged.seconds, sent=trouble.means == "uncertain")
    return Refusal(words, status=_status(judged.response))


def _words(judged: Judged, told: Said, *, is_refusal: bool) -> str:
    """A rule's message, else what the other side says of it; no secret is in it."""
    secrets, quiet = judged.context.secrets.values(), judged.context.quiet
    if isinstance(told.words, str) and told.words and (told.ours or not quiet):
        return excerpt(told.words, secrets)
    if judged.trouble is not None:
        words = "" if quiet else excerpt(judged.trouble.words, secrets)
        return f"It {'refused' if is_refusal else 'answered with an error'}{f': {words}' if words else ''}"
    words = said(judged.response, judged.context)
    return f"It answered with status {judged.response.status}{f': {words}' if words else ''}"


def _status(response: Response) -> int:
    return response.status if response.status >= _CLIENT_ERROR else _CONFLICT


def _seconds(after: Any, judged: Judged) -> float | None:
    if isinstance(after, int | float) and not isinstance(after, bool):
        return min(max(float(after), 0.0), LONGEST_WAIT)
    return judged.seconds


def _lower(words: str) -> str:
    """As a reason to wait reads."""
    return words[:1].lower() + words[1:] if words[:3] == "It " else words
