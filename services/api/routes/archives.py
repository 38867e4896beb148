from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Any, Final

import msgspec
from litestar import get
from msgspec import Meta

from infra import ids
from infra.pagination import cut
from services.api import payloads
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from services.archives import human, reading

TAGS: Final = ["archives"]
_SHOWN: Final = ("sent", "request", "answer")
_OF_PEOPLE: Final = frozenset({"title", "note", "reason", "found_why"})
_Written = frozenset[str]


class ArchiveView(msgspec.Struct, frozen=True, kw_only=True):
    """A file of ended runs that are in no list any more."""

    id: Annotated[str, Meta(examples=["arc_01h455vb4pex5vsknk084sn02q"])]
    month: Annotated[str, Meta(description="In which its runs began.", examples=["2026-01"])]
    runs: Annotated[int, Meta(description="How many it holds.")]
    first_run: str
    last_run: str
    size: Annotated[int, Meta(description="Bytes of the packed file.")]
    sha256: str
    made_at: Instant


class ArchiveList(msgspec.Struct, frozen=True):
    items: list[ArchiveView]
    next: NextCursor


class ArchivedRun(msgspec.Struct, frozen=True, kw_only=True):
    """All that was known of a run when it was archived, with as much of its data as the caller may see."""

    archive: ArchiveView
    run: Annotated[
        Any,
        Meta(
            description="As the operator's page on archives tells: the run with its `journal`, `effects`, `usage`,"
            " `keys`, `entries` and `exceptions`."
        ),
    ]


@get(tenant_paths("/archives"), summary="List archives", tags=TAGS)
async def list_archives(request: Call, limit: Limit = 50, cursor: Cursor = None) -> ArchiveList:
    """Newest first."""
    page = request.page(limit, cursor)
    async with request.transaction() as session:
        found = await reading.list_archives(session, request.tenant.tenant_id, page)
    kept, last = cut(list(found), page, lambda one: str(one.archive_id))
    return ArchiveList([_view(one) for one in kept], request.cursor(last))


@get(tenant_paths("/archives/runs/{archived:str}"), summary="Read an archived run", tags=TAGS)
async def read_archived_run(request: Call) -> ArchivedRun:
    """With its journal, effects, usage, keys and closed exceptions, as they were when it was archived."""
    run, folder = request.path_id("run", "archived"), request.resources.settings.archive_folder
    async with request.transaction() as session:
        archive, members = await reading.read_run(session, request.tenant.tenant_id, run, folder)
    return ArchivedRun(archive=_view(archive), run=await _shown(request, members))


def _view(one: Any) -> ArchiveView:
    month: date = one.month
    return ArchiveView(
        id=ids.show("arc", one.archive_id),
        month=f"{month:%Y-%m}",
        runs=len(one.runs),
        first_run=ids.show("run", one.first_id),
        last_run=ids.show("run", one.last_id),
        size=one.size,
        sha256=one.digest.hex(),
        made_at=one.made_at,
    )


async def _shown(request: Call, members: dict[str, Any]) -> dict[str, Any]:
    """The members of a line, as a reader of the run itself would have seen them."""
    show, show_error = payloads.DATA_OF_RUN[request.payloads]
    show_line = payloads.DATA[request.payloads]
    # What the document has in so many words is not asked for: it may be gone. All of an error's words are masked.
    written: _Written = frozenset()
    told = {name: bytes(member).decode() for name, member in members.items()}
    # What people were asked and decided is in the file alone: each is for who has its role, and roles change.
    shown: dict[str, Any] = {name: member for name, member in members.items() if name not in human.MEMBERS}
    shown |= {name: show(_given(told.get(name))) for name in ("input", "output")}
    shown["error"] = show_error(_given(told.get("error")), written)
    shown["journal"] = []
    for line in _parts(members, "journal"):
        data = show_line(_given(_text(line.get("data"))), written)
        shown["journal"].append({**line, "data": data})
        await asyncio.sleep(0)  # masking large lines takes a while; others want to be served
    shown["effects"] = [
        {**_told(one, show), "error": show_error(_given(_text(one.get("error"))), written)}
        for one in _parts(members, "effects")
    ]
    shown["entries"] = [_told(one, show) for one in _parts(members, "entries")]
    shown["exceptions"] = [dict(one) for one in _parts(members, "exceptions")]
    if request.payloads != "whole":
        for name in ("entries", "exceptions"):
            shown[name] = [{key: one[key] for key in one if key not in _OF_PEOPLE} for one in shown[name]]
    return shown


def _told(one: dict[str, msgspec.Raw], show: payloads.Show) -> dict[str, Any]:
    """With what was sent and answered as the caller may see it."""
    return {name: show(_given(_text(part))) if name in _SHOWN else part for name, part in one.items()}


def _parts(members: dict[str, Any], name: str) -> list[dict[str, msgspec.Raw]]:
    return msgspec.json.decode(members.get(name, b"[]"), type=list[dict[str, msgspec.Raw]])


def _text(member: msgspec.Raw | None) -> str | None:
    return None if member is None else bytes(member).decode()


def _given(text: str | None) -> str | None:
    return None if text in {None, "null"} else text


HANDLERS: Final = (list_archives, read_archived_run)
