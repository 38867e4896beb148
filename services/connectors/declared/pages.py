"""Answers that come in pages: asked for one by one, up to a bound."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from infra import egress
from services.connectors.declared.document import PagesPart
from services.connectors.declared.exchanges import Asking, Exchange
from services.connectors.declared.mapping import Filled, Unmapped
from services.connectors.declared.replies import Reply
from services.connectors.sdk.errors import Misread, Refusal

_LINK: Final = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:\"[^\"]*\"|[^\s;,\"]+))*)")
_NEXT: Final = re.compile(r";\s*rel\s*=\s*(?:\"[^\"]*\bnext\b[^\"]*\"|next\b)", re.IGNORECASE)


class Pages:
    """All items of the pages of one operation."""

    def __init__(self, part: PagesPart, exchange: Exchange, pointer: str) -> None:
        self._part = part
        self._exchange = exchange
        self._items = Filled(part.items, f"{pointer}/items")
        self._next = Filled(part.next, f"{pointer}/next") if part.next else None

    @property
    def parts(self) -> tuple[Filled, ...]:
        """Every template in it."""
        return (*self._exchange.parts, self._items, *([self._next] if self._next is not None else []))

    async def run(self, asking: Asking) -> Reply:
        """One reply whose body is the list of all items; one of `instead` ends it.

        Where it is cut, `$beyond` is what the next page would be asked by.

        Raises:
            Refusal: there are more than the manifest takes; or the next page is elsewhere.
            Away, Misread: as `Exchange.run` does.
        """
        found: list[Any] = []
        asking.variables["page"], path = self._first(), None
        reply: Reply | None = None
        for _ in range(self._part.most):
            reply = await self._exchange.run(asking, path)
            if reply.instead is not None:
                return reply
            items = await self._read(asking, self._items, reply)
            if not isinstance(items, list):
                raise Misread("a page of its answer has no list of items", reply.body)
            found += items
            if len(found) > self._part.most_items:
                break
            page, path = await self._following(asking, reply, len(items))
            if page is None:
                return Reply(found, reply.response)
            asking.variables["page"] = page
        if reply is None or self._part.beyond == "refuse":
            detail = f"It has more than {min(len(found), self._part.most_items)} items to tell of: ask for less at once"
            raise Refusal(detail, name="validation", title="The answer is too long")
        asking.variables["beyond"] = asking.variables["page"]
        return Reply(found[: self._part.most_items], reply.response)

    def _first(self) -> Any:
        if self._part.kind in {"cursor", "link", "url"}:
            return None
        return self._part.first if self._part.first is not None else int(self._part.kind == "page")

    async def _following(self, asking: Asking, reply: Reply, count: int) -> tuple[Any, str | None]:
        """What the next page is asked by, and its path where the answer has told that; None: there is none."""
        now = asking.variables["page"]
        if self._part.kind == "link":
            path = _below(_linked(reply.response.headers.get("link", "")), asking)
            return path, path
        if self._next is not None:
            cursor = await self._read(asking, self._next, reply)
            if cursor is None or cursor is False or cursor == "":
                return None, None
            if cursor == now:
                raise Misread("its next page is the one that it has just given", reply.body)
            if self._part.kind == "cursor":
                return cursor, None
            if not isinstance(cursor, str):
                raise Misread("the address of its next page is no text", reply.body)
            return cursor, _below(cursor, asking)
        if count == 0 or (self._part.size is not None and count < self._part.size):
            return None, None
        return now + (1 if self._part.kind == "page" else count), None

    @staticmethod
    async def _read(asking: Asking, filled: Filled, reply: Reply) -> Any:
        try:
            return await asking.filled(filled, reply.body)
        except Unmapped as unmapped:
            raise Misread(unmapped.detail, reply.body) from unmapped


def _linked(header: str) -> str | None:
    """The address of `rel="next"` (RFC 8288); None where there is none."""
    return next((match[1] for match in _LINK.finditer(header) if _NEXT.search(match[2])), None)


def _below(target: str | None, asking: Asking) -> str | None:
    """Path and query of an address below the base URL; one that is not whole is next to the last request's.

    Raises:
        Refusal: it leads out of the base URL, where the credentials do not go.
    """
    if target is None:
        return None
    base = asking.context.settings["base_url"].rstrip("/")
    whole = urljoin(egress.join(base, asking.path), target)
    parts = urlsplit(whole)
    path = parts.path.removeprefix(urlsplit(base).path).removeprefix("/")
    is_below = parts.path.startswith(f"{urlsplit(base).path}/")
    try:
        is_ours = egress.canonical_origin(whole) == egress.canonical_origin(base)
    except egress.Refused:
        is_ours = False
    if not (is_ours and is_below):
        detail = "Its next page is not below the setting `base_url`; is that the address that it has for itself?"
        raise Refusal(detail, name="configuration", title="The address leads elsewhere")
    return f"{path}?{parts.query}" if parts.query else path
