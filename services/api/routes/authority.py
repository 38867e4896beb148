from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import get, post, put
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from services.api import deciders
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from tenants.authority import checking, service
from tenants.authority.facts import Facts
from tenants.authority.judging import Decider, judge
from tenants.authority.matrices import Matrix
from tenants.authority.needs import Need
from tenants.authority.rows import MOST, Decision, Duty, Row
from tenants.authority.service import Wish
from tenants.identity.permissions import Permission

TAGS: Final = ["authority"]
_SHOWN: Final = 200
_Zoned = Annotated[datetime, Meta(tz=True, examples=["2026-02-01T00:00:00Z"])]
_Version = Annotated[
    int | None, QueryParameter(description="This version; absent: the newest.", required=False, ge=1, le=2_147_483_647)
]


class NewMatrix(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rows: Annotated[
        list[Row],
        Meta(max_length=MOST, description="All rows, in any order: no case may be covered by two of one decision."),
    ]
    holds_from: Annotated[
        _Zoned | None, Meta(description="From when; absent: from now on. What was planned before is dropped.")
    ] = None


class CaseToCheck(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    decision: Decision
    facts: Annotated[Facts, Meta(description="As a workflow would state them.")]


class GapView(msgspec.Struct, frozen=True, kw_only=True):
    """Cases that no row covers, so that nobody may decide them."""

    decision: str
    detail: str
    example: Annotated[dict[str, Any], Meta(description="Facts of one such case.")]


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    version: Annotated[int, Meta(description="Raised with each change; 0 where nothing was ever said.")]
    holds_from: Instant | None
    set_by: Annotated[str | None, Meta(description="As the audit names who it was.")]
    set_at: Instant | None


class MatrixView(VersionView, frozen=True, kw_only=True):
    """Who approves what: a decision that no row covers is nobody's."""

    rows: list[Row]
    gaps: Annotated[list[GapView], Meta(description="A warning for each type of decision that is not covered whole.")]


class VersionList(msgspec.Struct, frozen=True):
    items: list[VersionView]
    next: NextCursor


class CandidateView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with the role, and whether their approval would count."""

    person: Annotated[str, Meta(examples=["acc_01h455vb4pex5vsknk084sn02q"])]
    name: str
    may: bool
    why: Annotated[str | None, Meta(description="Why not.")]


class CheckedCase(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision would need now. Nothing is decided by it."""

    version: int
    rule: Annotated[str, Meta(description="Name of the row that covers it.")]
    approver_role: str
    approvals: int
    duties: list[Duty]
    candidates: Annotated[int, Meta(description="People whose approval would count.")]
    is_possible: Annotated[bool, Meta(description="Whether these are as many as it takes.")]
    people: Annotated[
        list[CandidateView] | None, Meta(description="At most 200, by name; null without the permission `people:read`.")
    ]


@get(tenant_paths("/authority"), summary="Read who decides what", tags=TAGS)
async def read_matrix(request: Call, version: _Version = None) -> MatrixView:
    """The matrix that was set last, also where it holds from a later moment on."""
    async with request.transaction() as session:
        if version is None:
            return await _newest(request, session)
        return _view(await service.version_of(session, request.tenant.tenant_id, version))


@put(tenant_paths("/authority"), summary="Set who decides what", tags=TAGS)
async def set_matrix(request: Call, data: JSONBody[NewMatrix]) -> MatrixView:
    """The whole matrix; old versions stay. Safe to repeat.

    Approvals that were given count on where the case still needs the same; else they are given anew. Who changes it
    does not decide by it what was asked for before.
    """
    tenant_id = request.tenant.tenant_id
    async with request.transaction() as session:
        await service.lock(session, tenant_id)

        async def present() -> MatrixView:
            return await _newest(request, session)

        await request.match(present)
        known = await deciders.known(session, tenant_id)
        wish = Wish(data.rows, data.holds_from)
        return _view(await service.put(session, tenant_id, wish, known, actor=request.principal.actor))


@get(tenant_paths("/authority/history"), summary="List who decided what, and when", tags=TAGS)
async def list_matrices(request: Call, limit: Limit = 50, cursor: Cursor = None) -> VersionList:
    """Versions without their rows, the newest first. In force is the newest one whose `holds_from` has come."""
    async with request.transaction() as session:
        found, last = await service.history(session, request.tenant.tenant_id, request.page(limit, cursor))
    items = [
        VersionView(version=one.version, holds_from=one.holds_from, set_by=one.set_by, set_at=one.set_at)
        for one in found
    ]
    return VersionList(items, request.cursor(last))


@post(tenant_paths("/authority/check"), summary="Ask who may decide a case", tags=TAGS, status_code=200)
async def check_case(request: Call, data: JSONBody[CaseToCheck]) -> CheckedCase:
    """By the matrix in force, for something that is asked for now. Changes nothing."""
    tenant_id = request.tenant.tenant_id
    async with request.transaction() as session:
        matrix = await service.current(session, tenant_id)
        need = matrix.need(data.decision, data.facts, changed_by=())
        people = await _candidates(session, request, need)
    able = sum(one.may for one in people)
    may_see = Permission.PEOPLE_READ in request.principal.permissions
    return CheckedCase(
        version=matrix.version,
        rule=need.rule,
        approver_role=need.approver_role,
        approvals=need.approvals,
        duties=list(need.duties),
        candidates=able,
        is_possible=able >= need.approvals,
        people=people[:_SHOWN] if may_see else None,
    )


async def _candidates(session: AsyncSession, request: Call, need: Need) -> list[CandidateView]:
    found = []
    for account, person in await deciders.holders(session, request.tenant.tenant_id, need.role_id):
        verdict = judge(need, Decider(person=person), [])
        why = None if verdict.may else verdict.detail
        found.append(
            CandidateView(
                person=ids.show("acc", account.account_id),
                name=account.name,
                may=verdict.may,
                why=why,
            )
        )
    return found


async def _newest(request: Call, session: AsyncSession) -> MatrixView:
    found = await service.newest(session, request.tenant.tenant_id)
    if found is None:
        return MatrixView(version=0, holds_from=None, set_by=None, set_at=None, rows=[], gaps=[])
    return _view(found)


def _view(one: Matrix) -> MatrixView:
    rows = [held.row for held in one.rows]
    gaps = [GapView(decision=gap.decision, detail=gap.detail, example=gap.example) for gap in checking.gaps(rows)]
    return MatrixView(
        version=one.version,
        holds_from=one.holds_from,
        set_by=one.set_by,
        set_at=one.set_at,
        rows=rows,
        gaps=gaps,
    )


HANDLERS: Final = (read_matrix, set_matrix, list_matrices, check_case)
