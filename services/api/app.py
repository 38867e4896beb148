"""Makes the API. A server runs it inside the portal's application, `services.portal.app:create_app`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Final

from litestar import Litestar
from litestar.datastructures import State
from litestar.routes import HTTPRoute

from infra import collector, crash_points, logs, settings
from services.api import asyncapi
from services.api.access import TenantDirectory, guard
from services.api.call import Call
from services.api.denials import Denials, record_denied
from services.api.edge import Edge
from services.api.ending import told_of_end
from services.api.openapi import document
from services.api.policy import POLICY, Route
from services.api.rendering import render
from services.api.resources import Resources
from services.api.routes import HANDLERS
from services.api.tags import tagging
from services.api.timing import timing

_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


class RouteWithoutPolicy(RuntimeError):
    """A route has no row in `services.api.policy`. The process does not start: what nobody allowed, nobody reaches."""


def create_app(given: settings.Settings | None = None) -> Edge:
    """The whole API, opened by the server's lifespan events.

    Args:
        given: the settings; None reads them from the environment.

    Raises:
        BadSetting, NoCursorKey: the installation is not complete; the message says what to do.
        RouteWithoutPolicy: a defect of this version.
    """
    read = begin(given)
    resources = Resources(read)
    app, sizes = build(resources), {"max_body": read.api_max_body, "max_document": read.document_max}
    return Edge(app, hosts=hosts_of(read), strangers=resources.strangers, **sizes)


def begin(given: settings.Settings | None = None) -> settings.Settings:
    """The settings of this process, which is ready to serve by them: its logs, its crash points, its memory."""
    read = given or settings.load()
    logs.configure(read.log_level)
    if read.crash_points:
        crash_points.arm(read.crash_point)
    collector.settle()
    return read


def hosts_of(read: settings.Settings) -> tuple[str, ...]:
    """The names that the API answers to: those that are set, else its own address, and loopback if it listens there."""
    if read.api_hosts:
        return read.api_hosts
    return (read.api_host, *_LOOPBACK) if read.api_host in {*_LOOPBACK, "0.0.0.0", "::"} else (read.api_host,)  # noqa: S104 (compared, not bound)


def build(resources: Resources) -> Litestar:
    """The application inside the edge."""
    app = assembled()
    app.state = State(
        {
            "resources": resources,
            "directory": TenantDirectory(resources.database),
            "denials": Denials(),
            "parameters": _query_parameters(app),
            "document": _document,
            "asyncapi": _asyncapi,
        }
    )
    return app


def assembled() -> Litestar:
    """The routes and what stands around each of them. They know of no installation yet: `build` tells them of one."""
    return Litestar(
        route_handlers=HANDLERS,
        guards=[guard],
        request_class=Call,
        exception_handlers={Exception: render},
        after_exception=[record_denied],
        middleware=[tagging, timing],
        lifespan=[_living],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
        debug=False,
    )


@asynccontextmanager
async def _living(app: Litestar) -> AsyncIterator[None]:
    resources: Resources = app.state.resources
    await resources.open()
    try:
        with told_of_end(resources.release):
            yield
    finally:
        await resources.close()


@cache
def _document() -> bytes:
    return document(HANDLERS)


@cache
def _asyncapi() -> bytes:
    return asyncapi.document()


def routes_of(app: Litestar) -> list[Route]:
    """Method and path of every route, as the policy names them."""
    return [
        (str(method), route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.route_handler_map
        if method != "OPTIONS"
    ]


def _query_parameters(app: Litestar) -> dict[Route, frozenset[str]]:
    missing = [f"{method} {path}" for method, path in routes_of(app) if (method, path) not in POLICY]
    if missing:
        raise RouteWithoutPolicy(f"no policy for {', '.join(missing)}")
    return {
        (str(method), route.path_format): frozenset(one.field_alias for one in model.expected_query_params)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (_, model) in route.route_handler_map.items()
    }
