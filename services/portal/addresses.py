"""Addresses of pages on a brand's host: which they are, and how one that is spelt oddly is put right."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

REFUSED: Final = "refused"
"""Where the state of a request for a page holds the status with which its address was refused."""
_NO_PAGES: Final = frozenset({"assets", "health", "portal", "problems", "scim", "v1"})
_SLASHES: Final = re.compile("/{2,}")
_PLAIN: Final = re.compile(r"(?:/[^/\\\x00-\x1f\x7f]+)+|/")
_HIDDEN: Final = re.compile(rb"%(?:2f|5c|00)", re.IGNORECASE)
_QUERY: Final = re.compile(rb"[\x21-\x7e]*")
_LONGEST: Final = 2048


def top(path: str) -> str:
    """The first part of a path: what stands there decides whose it is."""
    return path.partition("/")[2].partition("/")[0]


def is_page(path: str) -> bool:
    """Whether a person may have it in the address bar. A dot makes a file of it: no page of ours has one."""
    return "." not in path and top("/" + path.lstrip("/")) not in _NO_PAGES


def corrected(scope: Any) -> str | None:
    """The one spelling of a page's address that has slashes too many; None when that is not what is wrong with it.

    Always a path on this host: one slash, then what is no slash (S-100).
    """
    path = _SLASHES.sub("/", scope["path"]).rstrip("/") or "/"
    query: bytes = scope["query_string"]
    if len(path) + len(query) > _LONGEST or _PLAIN.fullmatch(path) is None or _QUERY.fullmatch(query) is None:
        return None
    if path == scope["path"] or _HIDDEN.search(scope.get("raw_path") or b""):
        return None
    return quote(path, safe="/~@!$&'()*+,;=:-_") + (f"?{query.decode()}" if query else "")
