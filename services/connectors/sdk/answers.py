"""HTTP answers as values or as the two errors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec

from infra import clock
from infra.egress import Response
from services.connectors.sdk import hints
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away
from services.connectors.sdk.redaction import excerpt
from services.engine import values

LONGEST_WAIT: Final = 3600.0
"""Seconds; who asks for more is asked again after these."""
_BUSY: Final = frozenset({408, 423, 425, 429})
_UNTOUCHED: Final = frozenset({423, 425, 429})
_SERVER_ERROR: Final = 500
_REDIRECT: Final = 300


def expect_success(answer: Response, context: Context, *, change: str = "", scopes: Sequence[str] = ()) -> Response:
    """The answer, when its status is 2xx.

    `change`: what to look at when credentials are refused, in words; without it, the connection's secrets. `scopes`:
    rights that the operation needs.

    Raises:
        Away: 408, 423, 425, 429 and 5xx, with `Retry-After` (seconds or date) as the floor for the delay. Who is busy
            or locked (423, 425, 429) has done nothing.
        Refusal: every other status, with the setting, secret or right that helps. A redirect is never followed, so it
            is a refusal too.
    """
    expect_presence(answer)
    if answer.status >= _REDIRECT:
        raise hints.refusal(answer, said(answer, context), change=change or hints.secrets(context), scopes=scopes)
    return answer


def expect_presence(answer: Response, seconds: float | None = None) -> None:
    """Raises Away, as `expect_success` does, for what passes. `seconds`: the delay, where it is known already."""
    if answer.status in _BUSY or answer.status >= _SERVER_ERROR:
        is_sent = answer.status not in _UNTOUCHED
        delay = retry_after(answer) if seconds is None else seconds
        raise Away(f"it answered with status {answer.status}", seconds=delay, sent=is_sent)


def said(answer: Response, context: Context) -> str:
    """An excerpt of its words, without the connection's secrets; nothing where they are not to be read."""
    return "" if context.quiet else excerpt(_words(answer), context.secrets.values())


def read_json(answer: Response) -> Any:
    """The body as JSON, its numbers exact; NaN, several texts, lone surrogates and too deep a nesting are no JSON.

    Raises:
        Away: not JSON: a proxy's page or a cut body; the outcome is unknown and the call is repeated.
    """
    try:
        return values.decode(answer.body)
    except values.ValueRefused as error:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        hint = " but a page; is the setting `base_url` the address of its API?" if kind == "text/html" else ""
        raise Away(f"its answer is not JSON{hint}") from error


def _words(answer: Response) -> str | bytes:
    """The sentence in a problem document (RFC 9457) or a usual error object; otherwise the body as it came."""
    try:
        body = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return answer.body
    if isinstance(body, dict):
        errors = body.get("errors")
        inner = [body.get("error"), *(errors[:1] if isinstance(errors, list) else [])]
        for found in [body, *(one for one in inner if isinstance(one, dict))]:
            for name in ("detail", "message", "title", "error_description", "error"):
                if isinstance(found.get(name), str):
                    return str(found[name])
    return answer.body


def retry_after(answer: Response) -> float | None:
    """Seconds until it wants to be asked again, at most an hour; None where it says nothing."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text[:6]), LONGEST_WAIT)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    date = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return min(max((date - clock.now()).total_seconds(), 0.0), LONGEST_WAIT)
