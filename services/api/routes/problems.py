"""Says what a problem's `type` means, to programs and to people."""

from __future__ import annotations

import html
import inspect
import re
from typing import Final

import msgspec
from litestar import MediaType, Response, get
from litestar.params import FromPath

from infra.problems import BASE, NotFound, Problem
from services.api.call import Call

# References to rows and records of ours, which mean nothing outside.
_REFERENCE: Final = re.compile(r"\s*\((?:[A-Z]-?\d+|ADR|see )[^)]*\)")
_PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1><p>{meaning}</p><p>Status {status} · <code>{type}</code></p></body></html>"""


class ProblemType(msgspec.Struct, frozen=True):
    """A kind of problem. Its `type` never changes."""

    type: str
    title: str
    status: int
    meaning: str


@get("/problems/{name:str}", summary="What a problem type means", tags=["problems"])
async def read_problem(request: Call, name: FromPath[str]) -> Response[ProblemType | str]:
    found = known().get(name)
    if found is None:
        raise NotFound
    if "text/html" not in request.headers.get("accept", ""):
        return Response(found)
    fields = {field: html.escape(str(value)) for field, value in msgspec.structs.asdict(found).items()}
    return Response(_PAGE.format(**fields), media_type=MediaType.HTML)


def known() -> dict[str, ProblemType]:
    """Every problem that this process can answer with, by name. The base of a name describes it."""
    found: dict[str, ProblemType] = {}
    waiting: list[type[Problem]] = [Problem]
    while waiting:
        kind = waiting.pop(0)
        waiting += kind.__subclasses__()
        meaning = (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ").replace("`", "'")
        if kind is Problem:
            meaning = "Nothing of the request's fault. Tell your support the request's id."
        found.setdefault(kind.name, ProblemType(BASE + kind.name, kind.title, kind.status, _REFERENCE.sub("", meaning)))
    return found


HANDLERS: Final = (read_problem,)
