"""Where the link of a notice leads: looking changes nothing, a POST ends further ones (RFC 8058, ADR 0113).

A reader of mail posts here by itself when somebody asks it to: without a cookie, without a page, from anywhere.
"""

from __future__ import annotations

import hashlib
from typing import Final

from litestar import Response, get, post

from infra.problems import NotFound
from services.api.call import Call
from services.customer_notices import reading
from services.portal import notice_page
from services.portal.answers import tagged
from services.portal.brands import brand_of
from services.portal.doorkeeper import doorkeeper_of
from services.portal.notice_page import Shown

_AT: Final = "/portal/notices/{token:str}"
_LONGEST: Final = 100
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": notice_page.POLICY,
    "X-Robots-Tag": "noindex",
}


@get("/portal/notices.css", include_in_schema=False)
async def read_style(request: Call) -> Response[bytes]:
    return tagged(request, notice_page.STYLE.encode(), "text/css")


@get(_AT, include_in_schema=False)
async def look(request: Call) -> Response[bytes]:
    """Asks; previews of links and scanners of mail come here, too."""
    found = await _found(request)
    return _page(request, "unknown" if found is None else "out" if found else "ask")


@post(_AT, include_in_schema=False, status_code=200)
async def stop(request: Call) -> Response[bytes]:
    """What the body says does not matter. Safe to repeat."""
    found = await _found(request, is_out=True)
    return _page(request, "unknown" if found is None else "out")


@post(f"{_AT}/again", include_in_schema=False, status_code=200)
async def again(request: Call) -> Response[bytes]:
    """For who did not mean it. Safe to repeat."""
    found = await _found(request, is_out=False)
    return _page(request, "unknown" if found is None else "in")


async def _found(request: Call, *, is_out: bool | None = None) -> bool | None:
    """None of a link that nobody has: counted, so that nobody tries many."""
    try:
        async with doorkeeper_of(request).spending(request):
            return await _link(request, is_out)
    except NotFound:
        return None


async def _link(request: Call, is_out: bool | None) -> bool:  # noqa: FBT001 (as it is to be set; None: not at all)
    """Raises NotFound."""
    token, partner_id = str(request.path_params["token"])[:_LONGEST], brand_of(request).partner_id
    digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
    async with request.resources.database.doors() as connection:
        found = await reading.by_link(connection, partner_id, digest, is_out=is_out)
    if found is None:
        raise NotFound
    return found


def _page(request: Call, shown: Shown) -> Response[bytes]:
    brand = brand_of(request)
    content = notice_page.page(
        shown,
        brand=brand.name,
        has_logo=brand.logo is not None,
        language=notice_page.language_of(request.headers.get("accept-language", "")),
        address=request.scope["path"].removesuffix("/again"),
    )
    status = 404 if shown == "unknown" else 200
    return Response(content, media_type="text/html; charset=utf-8", status_code=status, headers=dict(_HEADERS))


HANDLERS: Final = (read_style, look, stop, again)
