"""A short piece of what the other side said, without secrets (S-72). Nothing else of a body reaches an error or log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from infra.encryption.secret import Secret
from infra.redaction import MASK, Hider

EXCERPT: Final = 200
"""Characters of a body in an error's detail."""
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
    given = Hider(secrets).text(given)
    plain = _CONTROL.sub(" ", _NAMED.sub(lambda match: match[1] + MASK, given)).strip()
    return plain if len(plain) <= limit else plain[:limit] + "…"


def hidden(value: Any, secrets: Sequence[Secret]) -> Any:
    """The JSON `value` with every secret masked in its texts and names, in every common form."""
    return Hider(secrets).value(value)
