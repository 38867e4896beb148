"""The application that a server runs: `granian --interface asgi --factory services.portal.app:create_app`.

One process serves the API on its own hosts and the portal on those of the partners; the host decides (ADR 0011).
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Litestar
from litestar.datastructures import State

from infra import settings
from services.api.app import begin, build, hosts_of
from services.api.call import Call
from services.api.denials import Denials, record_denied
from services.api.edge import Edge
from services.api.rendering import render
from services.api.resources import Resources
from services.portal import addresses, api_host, policy
from services.portal.brands import Brands
from services.portal.doorkeeper import STATE, Doorkeeper
from services.portal.edge import BrandEdge
from services.portal.files import Files
from services.portal.routes import HANDLERS

_HEALTH: Final = "/health/"


def create_app(given: settings.Settings | None = None) -> Front:
    """API and portal, opened by the server's lifespan events.

    Args:
        given: the settings; None reads them from the environment.

    Raises:
        BadSetting, NoCursorKey: the installation is not complete; the message says what to do.
        RouteWithoutPolicy: a defect of this version.
    """
    read = begin(given)
    resources = Resources(read)
    api = build(resources)
    keeper = Doorkeeper(resources.database, resources.client, resources.keys, read.trusted_proxies)
    brands = Brands(resources.database)
    inner = Inner(api, _routes(resources, keeper), Files())
    sizes = {"max_body": read.api_max_body, "max_document": read.document_max}
    portal = BrandEdge(inner, brands, keeper, strangers=resources.strangers, **sizes)
    return Front(Edge(api, hosts=hosts_of(read), strangers=resources.strangers, **sizes), portal, inner)


def _routes(resources: Resources, keeper: Doorkeeper) -> Litestar:
    """The portal's own routes; the API's stand beside them and know nothing of it."""
    app = assembled()
    app.state = State({"resources": resources, STATE: keeper, "denials": Denials()})
    return app


def assembled() -> Litestar:
    """Those routes and what stands around each of them, before they know of an installation."""
    app = Litestar(
        route_handlers=HANDLERS,
        request_class=Call,
        guards=[policy.guard],
        exception_handlers={Exception: render},
        after_exception=[record_denied],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
        debug=False,
    )
    policy.check_complete(app)
    return app


class Front:
    """Takes a request to the API or to the portal, by its host and nothing else."""

    def __init__(self, api: Edge, portal: BrandEdge, inner: Inner) -> None:
        self.api = api
        self.portal = portal
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] == "http" and self._is_portals(scope):
            await self.portal(scope, receive, send)
        else:
            await self.api(scope, receive, send)

    def _is_portals(self, scope: Any) -> bool:
        # Probes come by address; a request without a host is the API's to refuse.
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        return bool(host) and not scope["path"].startswith(_HEALTH) and not self.api.is_ours(host)

    async def _live(self, scope: Any, receive: Any, send: Any) -> None:
        async def until_shutdown() -> Any:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                # Before the API closes the database that both use.
                await self.portal.keeper.close()
            return message

        await self.api(scope, until_shutdown, send)


class Inner:
    """What stands on a brand's host, by path: the API, the portal's routes, and the page for everything else."""

    def __init__(self, api: Litestar, portal: Litestar, files: Files) -> None:
        self._api = api
        self.portal = portal
        self.files = files

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if api_host.is_api(scope):
            await self._api(scope, receive, send)
            return
        chosen: Any = self.files
        # A page whose address was refused is no route's: `/x/../v1/me` has another first part than it looks.
        if addresses.REFUSED not in scope["state"]:
            top = addresses.top(scope["path"])
            chosen = {"v1": self._api, "problems": self._api, "portal": self.portal}.get(top, self.files)
        await chosen(scope, receive, send)
