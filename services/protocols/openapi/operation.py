"""One operation of an OpenAPI document, the same for every version of the format."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

In = Literal["path", "query", "header", "cookie"]
METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch")


class Parameter(msgspec.Struct, frozen=True):
    """Attributes beyond the document's words.

    Attributes:
        is_json: its `content` is a media type of JSON.
        is_key: it is an API key of a security scheme.
    """

    name: str
    place: In
    style: str
    explode: bool
    required: bool = False
    reserved: bool = False
    is_json: bool = False
    default: Any = None
    is_key: bool = False


class Body(msgspec.Struct, frozen=True):
    """What the operation takes as body.

    Attributes:
        media: its content type, the one that we fill best.
        name: the argument that is the whole body.
        members: names that its schema knows, when it is an object.
        files: members that are files.
    """

    media: str
    name: str = "body"
    required: bool = False
    members: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()


class Operation(msgspec.Struct, frozen=True):
    """`server` is absolute, without a slash at its end; `path` has its placeholders in braces."""

    method: str
    server: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Body | None = None
