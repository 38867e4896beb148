"""What is wrong with the paths of an operation's requests, seen before one is ever sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.egress import Refused, join
from services.connectors.declared.document import OperationPart, RequestPart
from services.connectors.declared.mapping import pieces
from services.connectors.declared.mistakes import Mistake
from template_library.dsl.positions import step

_MARK: Final = "${"


def mistakes(part: OperationPart, pointer: str) -> Iterator[Mistake]:
    """Of each request of the operation: a program that is not closed, a path that leaves the base URL (S-56)."""
    for where, request in _requests(part):
        for member, path in (("path", request.path), ("odata/path", request.odata.path if request.odata else "")):
            said = _fault(path)
            if said is not None:
                yield Mistake(f"{pointer}{where}/{member}", said)


def _fault(path: str) -> str | None:
    if any("}" not in rest for rest in path.split(_MARK)[1:]):
        return "a `${` is not closed: write `${ .name }`"
    try:
        join("", "".join("x" if piece.filled else piece.text for piece in pieces(path, "")))
    except Refused:
        return "it is below the connection's base URL: no scheme, no `//`, no `..`"
    return None


def _requests(part: OperationPart) -> Iterator[tuple[str, RequestPart]]:
    """With the pointer of each within the operation."""
    yield "/request", part.request
    checks = ((f"/checks/{index}/request", one.request) for index, one in enumerate(part.checks))
    yield from ((where, request) for where, request in checks if request is not None)
    yield from ((step("/also", name), one) for name, one in part.also.items())
    yield from ((f"/before/{index}/request", one.request) for index, one in enumerate(part.before))
    if part.read_back is not None:
        yield "/read_back/request", part.read_back.request
        yield from ((step("/read_back/also", name), one) for name, one in part.read_back.also.items())
