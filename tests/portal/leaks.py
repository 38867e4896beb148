"""What somebody of one partner comes to see, place by place, and whose names must not stand there."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from tests.asgi import Answer
from tests.services.api.unpacked import PACKED, text_of

_AROUND = 40


class Crawl:
    """Counts what it has looked at, by kind of surface: a crawl that saw nothing has proven nothing."""

    def __init__(self, *forbidden: str) -> None:
        self._forbidden = [word.lower().encode() for word in forbidden]
        self.seen: Counter[str] = Counter()
        self.hits: list[str] = []

    def look(self, kind: str, where: str, *contents: bytes | str) -> None:
        """`contents` as they are, as addresses spell them, and as parts of a token are packed."""
        self.seen[kind] += 1
        for content in contents:
            raw = content.encode() if isinstance(content, str) else content
            for form in (raw, unquote_to_bytes(raw), *_opened(raw)):
                self._search(kind, where, form.lower())

    def answer(self, kind: str, where: str, answer: Answer) -> Answer:
        """An answer with its headers, cookies among them; of an archive all that is in it."""
        body = text_of(answer) if answer.headers.get("content-type") == PACKED else answer.body
        self.look(kind, f"{where} ({answer.status})", *_lines(answer.headers.items()), body)
        return answer

    def _search(self, kind: str, where: str, text: bytes) -> None:
        for word in self._forbidden:
            if (at := text.find(word)) >= 0:
                around = text[max(at - _AROUND, 0) : at + _AROUND].decode("latin-1")
                self.hits.append(f"{kind}: {where}: …{around}…")


def _lines(headers: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers]


def _opened(raw: bytes) -> list[bytes]:
    """Parts of a signed token (RFC 7515), which anybody can read."""
    parts = raw.split(b".")
    if len(parts) != 3 or not raw.startswith(b"eyJ"):
        return []
    return [base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)) for part in parts[:2]]
