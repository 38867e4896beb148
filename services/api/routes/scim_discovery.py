from __future__ import annotations

from typing import Any, Final

from litestar import get

from infra.problems import NotFound
from services.api.call import Call
from services.api.scim import discovery
from services.api.scim.errors import MEDIA_TYPE, PREFIX
from services.api.scim.views import LIST

TAGS: Final = ["scim"]


@get(f"{PREFIX}/ServiceProviderConfig", summary="What SCIM offers here", tags=TAGS, media_type=MEDIA_TYPE)
async def read_configuration() -> dict[str, Any]:
    """RFC 7643, section 5."""
    return discovery.CONFIGURATION


@get(f"{PREFIX}/ResourceTypes", summary="List SCIM's kinds of resources", tags=TAGS, media_type=MEDIA_TYPE)
async def list_types() -> dict[str, Any]:
    """Users and groups (RFC 7643, section 6)."""
    return _listed(list(discovery.TYPES.values()))


@get(f"{PREFIX}/ResourceTypes/{{resource_type:str}}", summary="Read a kind", tags=TAGS, media_type=MEDIA_TYPE)
async def read_type(request: Call) -> dict[str, Any]:
    """`User` or `Group`."""
    return _found(discovery.TYPES, request.path_params["resource_type"])


@get(f"{PREFIX}/Schemas", summary="List SCIM's schemas", tags=TAGS, media_type=MEDIA_TYPE)
async def list_schemas() -> dict[str, Any]:
    """Which attributes are kept (RFC 7643, section 7); others are taken and not kept."""
    return _listed(list(discovery.SCHEMAS.values()))


@get(f"{PREFIX}/Schemas/{{schema:str}}", summary="Read a schema of SCIM", tags=TAGS, media_type=MEDIA_TYPE)
async def read_schema(request: Call) -> dict[str, Any]:
    """By its URN."""
    return _found(discovery.SCHEMAS, request.path_params["schema"])


def _found(known: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    if name not in known:
        raise NotFound
    return known[name]


def _listed(found: list[dict[str, Any]]) -> dict[str, Any]:
    counts = {"totalResults": len(found), "startIndex": 1, "itemsPerPage": len(found)}
    return {"schemas": [LIST], **counts, "Resources": found}


HANDLERS: Final = (read_configuration, list_types, read_type, list_schemas, read_schema)
