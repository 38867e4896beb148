"""Pages show words of others as text: nothing in their sources makes markup of it (S-103)."""

from __future__ import annotations

import re
from typing import Final

from tests.house.tree import files, place, relative, text

_MAKES_MARKUP: Final = re.compile(
    r"dangerouslySetInnerHTML|\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|srcdoc|createContextualFragment|"
    r"DOMParser|\bnew Function\(|\beval\("
)
_SOURCES: Final = ("services/portal/web/", "services/api/viewer/")
_SUFFIXES: Final = (".ts", ".tsx", ".js", ".mjs", ".html")


def test_S_103_no_page_makes_markup_of_words() -> None:
    sources = [file for file in files(*_SUFFIXES) if relative(file).startswith(_SOURCES)]
    assert len(sources) > 50
    found = [
        place(file, number)
        for file in sources
        for number, line in enumerate(text(file).splitlines(), 1)
        if _MAKES_MARKUP.search(line)
    ]
    assert found == []
