"""Versions of resources: `If-Match` before a change, `If-None-Match` on a read (RFC 7644, 3.14).

Directories send a version back as `meta.version` has it, weak, or without its `W/`; both name the same resource.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final, TypeVar

from litestar import Response

from services.api.call import Call
from services.api.errors import BadIfMatch, PreconditionFailed
from services.api.scim import views
from services.api.scim.errors import MEDIA_TYPE
from services.api.scim.views import ScimGroup, ScimUser

Shown = TypeVar("Shown", ScimUser, ScimGroup)
_ANY: Final = "*"
_TAG: Final = re.compile(r'(?:W/)?("[\x21\x23-\x7e]*")')


def check(request: Call, present: ScimUser | ScimGroup) -> None:
    """Hold `If-Match`, where there is one, against what is there now.

    Raises:
        PreconditionFailed: somebody changed it since.
        BadIfMatch: it cannot be read.
    """
    given = _tags(request, b"if-match")
    if given and given != [_ANY] and _opaque(views.version_of(present)) not in map(_opaque, given):
        raise PreconditionFailed("Read the resource again; nothing was changed")


def answer(
    request: Call, found: Shown, status: int, *, attributes: str | None = None, excluded: str | None = None
) -> Response[Shown]:
    """The resource, or as much as was asked for; 304 without it to who reads and has this version."""
    tag = views.version_of(found)
    headers = {"ETag": tag}
    if status == HTTPStatus.CREATED and not isinstance(found.meta, str) and found.meta:
        headers["Location"] = found.meta.location
    if request.scope["method"] == "GET":
        known = _tags(request, b"if-none-match", strictly=False)
        if known == [_ANY] or _opaque(tag) in map(_opaque, known):
            return Response(None, status_code=HTTPStatus.NOT_MODIFIED, headers=headers)  # type: ignore[arg-type]
    shown = views.projected(found, attributes, excluded)
    return Response(shown, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def _tags(request: Call, name: bytes, *, strictly: bool = True) -> list[str]:
    given = [value.decode("latin-1").strip() for header, value in request.scope["headers"] if header == name]
    if given in ([], [_ANY]):
        return given
    tags = [one.strip() for text in given for one in text.split(",")]
    if strictly and not all(_TAG.fullmatch(one) for one in tags):
        raise BadIfMatch("Send If-Match as `*` or as meta.version of the last answer, quotation marks included")
    return tags


def _opaque(tag: str) -> str:
    return tag.removeprefix("W/")
