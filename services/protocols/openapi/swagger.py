"""Operations of Swagger 2.0."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from services.protocols.openapi.operation import Body, Parameter
from services.protocols.openapi.schemas import members
from services.protocols.resources.references import follow

_STYLES: Final = {
    "csv": ("form", False),
    "multi": ("form", True),
    "ssv": ("spaceDelimited", False),
    "tsv": ("tabDelimited", False),
    "pipes": ("pipeDelimited", False),
}
_FORM: Final = "application/x-www-form-urlencoded"


def server(document: dict[str, Any], operation: dict[str, Any], uri: str) -> str:
    """`host` and `basePath`, by default the document's own host; https where it is offered."""
    own = urlsplit(uri)
    schemes = operation.get("schemes") or document.get("schemes") or [own.scheme]
    scheme = "https" if "https" in schemes else "http" if "http" in schemes else own.scheme
    host = document.get("host") or own.netloc
    return urljoin(f"{scheme}://{host}/", str(document.get("basePath") or "/")).rstrip("/")


def parameter(given: dict[str, Any]) -> Parameter:
    """One that is no part of the body."""
    place = given["in"]
    style, explode = _STYLES.get(str(given.get("collectionFormat", "csv")), ("form", False))
    return Parameter(
        name=given["name"],
        place=place,
        style=style if place == "query" else "simple",
        explode=explode and place == "query",
        required=bool(given.get("required")),
        default=given.get("default"),
    )


def body(document: dict[str, Any], operation: dict[str, Any], parameters: list[dict[str, Any]]) -> Body | None:
    consumes = [str(media) for media in operation.get("consumes") or document.get("consumes") or []]
    fields = [given for given in parameters if given["in"] == "formData"]
    if fields:
        files = frozenset(given["name"] for given in fields if given.get("type") == "file")
        media = "multipart/form-data" if files or _FORM not in (consumes or [_FORM]) else _FORM
        required = any(given.get("required") for given in fields)
        return Body(media, "", bool(required), frozenset(given["name"] for given in fields), files)
    whole = next((given for given in parameters if given["in"] == "body"), None)
    if whole is None:
        return None
    media = next((media for media in consumes if "json" in media), consumes[0] if consumes else "application/json")
    known, _ = members(document, follow(document, whole.get("schema") or {}))
    return Body(media, whole["name"], bool(whole.get("required")), known)
