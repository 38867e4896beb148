"""What a request of a manifest says in place of a plain one, as its JSON Schema holds it to."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class GraphQL(msgspec.Struct, frozen=True):
    query: str
    variables: dict[str, Any] = {}


class JsonRpc(msgspec.Struct, frozen=True):
    method: str
    params: dict[str, Any] | list[Any] = {}


class OData(msgspec.Struct, frozen=True):
    """`filter`: one, or terms that all hold; a term with a program that gives null is left out."""

    path: str
    select: tuple[str, ...] = ()
    filter: str | tuple[str, ...] = ""
    expand: str = ""
    orderby: str = ""
    search: str = ""
    top: int | None = None
    count: bool = False


class Xml(msgspec.Struct, frozen=True):
    body: dict[str, Any] | None = None
    header: dict[str, Any] | None = None
    namespaces: dict[str, str] = {}
    lists: tuple[str, ...] = ()
    soap: Literal["1.1", "1.2"] | None = None
    action: str = ""


class FilePart(msgspec.Struct, frozen=True):
    do: Literal["list", "read", "write"]
    folder: str = ""
    elsewhere: tuple[str, ...] = ()
    name: str = ""
    layout: Any = None
    rows: str = ""
    head: Any = {}
