"""A short piece of what the other side said, without secrets (S-72). Nothing else of a body reaches an error or log."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote, quote_plus

from infra.encryption.secret import Secret

EXCERPT: Final = 200
"""Characters of a body in an error's detail."""
_MASK: Final = "[redacted]"
_NAMED: Final = re.compile(
    r"""(?ix)
        ( ["']? [\w-]* (?: authorization|cookie|token|secret|password|passwd|api[-_]?key ) [\w-]* ["']? \s* [:=] \s* )
        ( "(?:[^"\\]|\\.)*" | '[^']*' | (?: (?:basic|bearer)\s+ )? [^\s,;&}<]+ )"""
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def excerpt(text: str | bytes, secrets: Iterable[Secret], limit: int = EXCERPT) -> str:
    """At most `limit` characters of `text` on one line: secrets masked by value in every common form, then by name."""
    # More than the excerpt is searched, so that a secret which the limit would cut in two is still found.
    given = text[: 20 * limit].decode("utf-8", "replace") if isinstance(text, bytes) else text[: 20 * limit]
    for secret in secrets:
        for form in _forms(secret.reveal()):
            given = given.replace(form, _MASK)
    plain = _CONTROL.sub(" ", _NAMED.sub(lambda match: match[1] + _MASK, given)).strip()
    return plain if len(plain) <= limit else plain[:limit] + "…"


def hidden(value: Any, secrets: Sequence[Secret]) -> Any:
    """The JSON `value` with every secret masked in its texts and names, in every common form."""
    forms = [form for secret in secrets for form in _forms(secret.reveal())]
    return _hidden(value, forms) if forms else value


def _hidden(value: Any, forms: list[str]) -> Any:
    if isinstance(value, str):
        for form in forms:
            value = value.replace(form, _MASK)
        return value
    if isinstance(value, dict):
        return {_hidden(name, forms): _hidden(member, forms) for name, member in value.items()}
    return [_hidden(member, forms) for member in value] if isinstance(value, list) else value


def _forms(value: str) -> Iterator[str]:
    raw = value.encode()
    yield from (value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1], raw.hex())
    # Base64 of a longer text holds the secret at one of three alignments, its ends decided by its neighbours.
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + raw).decode().rstrip("=")
        yield text[(0, 2, 3)[shift] : len(text) - 1 or None]
    yield base64.urlsafe_b64encode(raw).decode().rstrip("=")
