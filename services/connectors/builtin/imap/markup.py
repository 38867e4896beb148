"""What a mail says that is written in HTML alone: its words, line by line. Nothing in it is followed, loaded or run."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any, Final

MOST: Final = 200_000
"""Characters that are looked at."""
_UNSAID: Final = frozenset({"head", "script", "style", "title", "template", "noscript", "object", "svg", "math"})
"""Elements that say nothing to who reads."""
_LINES: Final = frozenset(
    {"p", "div", "br", "hr", "tr", "li", "ul", "ol", "dl", "dt", "dd", "table", "blockquote", "pre", "section"}
    | {"article", "header", "footer", "address", "caption", "h1", "h2", "h3", "h4", "h5", "h6"}
)
"""Elements that stand on lines of their own."""
_CELLS: Final = frozenset({"td", "th"})
_DECLARED: Final = re.compile(r"<[!?][^>]*>?")
_BLANKS: Final = re.compile(r"[ \t\xa0]+")
_MANY_LINES: Final = re.compile(r"\n{3,}")


def words_of(html: str) -> str:
    """The text, in lines. Of what is longer than MOST the beginning."""
    reader = _Reader()
    reader.feed(_closed(html[:MOST]))
    reader.close()
    lines = [_BLANKS.sub(" ", line).strip() for line in "".join(reader.said).split("\n")]
    return _MANY_LINES.sub("\n\n", "\n".join(lines)).strip()


def _closed(html: str) -> str:
    """Without comments and declarations, and with no tag that does not end.

    The library looks for the end of each again, up to the end of the text: in what was made for that, for minutes.
    """
    pieces = []
    while html:
        before, opened, behind = html.partition("<!--")
        pieces.append(before)
        html = behind.partition("-->")[2] if opened else ""
    first, *others = _DECLARED.sub(" ", "".join(pieces)).split("<")
    # What has no `>` before the next `<` is no tag, and its `<` a character.
    return first + "".join(f"<{one}" if ">" in one else f"&lt;{one}" for one in others)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._unsaid: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        del attrs
        if tag in _UNSAID:
            self._unsaid.append(tag)
        self._part(tag)
        if tag == "li":
            self._say("- ")

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        """`<script/>` and `<br/>`: nothing is inside."""
        del attrs
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unsaid:
            # What was opened inside of it and never closed ends with it.
            del self._unsaid[self._unsaid.index(tag) :]
        elif tag == "body":
            self._unsaid.clear()
        self._part(tag)

    def handle_data(self, data: str) -> None:
        self._say(" ".join(data.split()) if data.strip() else " ", data)

    def _part(self, tag: str) -> None:
        if tag in _LINES:
            self._say("\n")
        elif tag in _CELLS:
            self._say(" ")

    def _say(self, text: str, data: str = "") -> None:
        if self._unsaid:
            return
        # Between two words of one sentence a tag may stand, and what is left of it is the blank before or behind.
        left = " " if data[:1].isspace() else ""
        right = " " if len(data) > 1 and data[-1:].isspace() else ""
        self.said.append(f"{left}{text}{right}")
