"""The outermost layer on a brand's host: whose it is, from where the request comes, and what every answer carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar.types import ASGIApp

from infra.problems import BadRequest, NotFound
from services.api.access import ADMISSION
from services.api.edge import Answer, Edge, name_of
from services.api.strangers import HOST_OF, Strangers
from services.portal import addresses, api_host, origin
from services.portal.brands import Brands
from services.portal.doorkeeper import Doorkeeper

_HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"x-content-type-options", b"nosniff"),
    # Not `no-referrer`: with it a plain form would not say from where it comes.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"browsing-topics=(), camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (b"x-frame-options", b"DENY"),
    (b"server", b"portal"),
)
_STATUS: Final = "/status"
"""The page that the link of a notice opens: for its customer alone, and from it nobody is told where they were."""
_ANSWER: Final = "/answer"
"""The page that the link of a task opens. It posts, so that it says to its own host from where it comes."""
_NO_INDEX: Final = (b"x-robots-tag", b"noindex")
_OF_LINKS: Final[Mapping[str, tuple[tuple[bytes, bytes], ...]]] = {
    _STATUS: (
        *(pair for pair in _HEADERS if pair[0] != b"referrer-policy"),
        (b"referrer-policy", b"no-referrer"),
        _NO_INDEX,
    ),
    _ANSWER: (*_HEADERS, _NO_INDEX),
}
_TLS: Final = (b"strict-transport-security", b"max-age=31536000")


class BrandEdge(Edge):
    """Wraps what answers on brands' hosts. A host that is nobody's is the same 404 as the API's."""

    def __init__(  # noqa: PLR0913 (what it stands in front of, and what it holds to)
        self,
        app: ASGIApp,
        brands: Brands,
        keeper: Doorkeeper,
        *,
        max_body: int,
        max_document: int | None = None,
        strangers: Strangers | None = None,
    ) -> None:
        super().__init__(app, hosts=(), max_body=max_body, max_document=max_document, strangers=strangers)
        self.brands = brands
        self.keeper = keeper

    def is_ours(self, host: bytes) -> bool:
        """Any name may be a partner's; `enter` asks."""
        return bool(host)

    async def enter(self, scope: Any, headers: Mapping[bytes, bytes], answer: Answer) -> None:
        """Find the brand, then refuse what another site began.

        Raises:
            NotFound: nobody's host.
            CrossSite: see `services.portal.origin`.
        """
        name = name_of(headers[b"host"])
        brand = await self.brands.find(name)
        if brand is None:
            raise NotFound
        scope["state"][HOST_OF] = brand.partner_id
        if brand.use == "api":
            api_host.enter(scope, brand, headers[b"host"])
            return
        # On http a browser ignores it; on this machine's own names it would stay when the next one tries http.
        security = _OF_LINKS.get(scope["path"], _HEADERS)
        answer.security = security if origin.is_local(name) else (*security, _TLS)
        origin.check(scope["method"], scope["path"], headers)
        scope["state"]["brand"] = brand
        scope["state"][ADMISSION] = self.keeper.admit

    def check_target(self, scope: Any) -> None:
        """As the API's, but for what a person may have typed or been sent: a page answers that, and never JSON."""
        try:
            super().check_target(scope)
        except (BadRequest, NotFound) as problem:
            if scope["method"] not in {"GET", "HEAD"} or api_host.is_api(scope) or not addresses.is_page(scope["path"]):
                raise
            scope["state"][addresses.REFUSED] = problem.status
