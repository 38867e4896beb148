"""Texts of links that open one thing of a tenant's to whoever has them: 256 bits, of which only the digest is kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final
from uuid import UUID

from infra import ids
from infra.problems import NotFound

_BYTES: Final = 32
_TEXT: Final = re.compile(r"([0-7][0-9a-hjkmnp-tv-z]{25})\.([A-Za-z0-9_-]{43})")


class LinkOver(NotFound):
    """No such link, or it is over: used, expired, replaced by a newer one, or opened elsewhere. Ask for another."""

    name = "link-over"
    title = "The link is over"


def new(tenant_id: UUID) -> str:
    """A text that says in which tenant to look, and proves by the rest that one may."""
    return f"{ids.show('ten', tenant_id).removeprefix('ten_')}.{secrets.token_urlsafe(_BYTES)}"


def tenant_of(text: str | None) -> UUID:
    """In which tenant to look. Raises LinkOver: it is none that was ever made."""
    match = _TEXT.fullmatch(text or "")
    if match is None:
        raise LinkOver
    try:
        return ids.read("ten", f"ten_{match[1]}")
    except ids.MalformedId:
        raise LinkOver from None


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
