"""The connectors that this installation offers, and how far each is proven."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import get
from litestar.params import FromPath

from infra.problems import NotFound
from services.api.call import Call
from services.connectors import catalogue
from services.connectors.catalogue import ConnectorDetail, ConnectorEntry

TAGS: Final = ["connections"]


class ConnectorList(msgspec.Struct, frozen=True):
    items: list[ConnectorEntry]


@get("/v1/connectors", summary="List connectors", tags=TAGS)
async def list_connectors(request: Call) -> ConnectorList:
    """All of them, by name: those of the product and those that the operator has put beside them.

    The level is computed from tests that ran against exactly this version; a changed connector is not certified.
    """
    return ConnectorList(catalogue.entries(request.resources.registry))


@get("/v1/connectors/{connector:str}", summary="Read a connector", tags=TAGS)
async def read_connector(request: Call, connector: FromPath[str]) -> ConnectorDetail:
    """What it can do, what its connections ask for, what its credentials need, what surprises who uses it."""
    found = request.resources.registry.connector(connector)
    if found is None:
        raise NotFound
    return catalogue.detail(found)


HANDLERS: Final = (list_connectors, read_connector)
