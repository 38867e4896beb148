from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import JSONBody
from msgspec import Meta

from infra import ids
from infra.ids import TenantId
from infra.problems import Invalid
from services.api import previews
from services.api.call import Call
from services.api.policy import tenant_paths
from services.api.routes.deployments import TAGS
from services.engine import mapping, moves, redriving
from services.engine.migrating import Plan, Standing, open_plan
from services.engine.moves import Done, Preview, Refusal
from tenants.deployments import service

_MOST_OF_MAP: Final = 16_384
Pointer = Annotated[str, Meta(max_length=512)]
Revision = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Migrate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The two revisions with `preview: true`; then the `token` that the preview gave."""

    preview: bool = False
    from_revision: Annotated[Revision | None, Meta(description="Whose runs.")] = None
    to_revision: Annotated[Revision | None, Meta(description="Of the same workflow; mostly the present one.")] = None
    map: Annotated[
        dict[Pointer, Pointer],
        Meta(description="JSON pointers of tasks that have another place, old to new. What is inside moves with them."),
    ] = {}
    after: Annotated[str | None, Meta(description="`next` of the preview before: go on behind its runs.")] = None
    token: Annotated[str, Meta(max_length=65_536)] | None = None


class MigratedRun(msgspec.Struct, frozen=True, kw_only=True):
    id: Annotated[str, Meta(examples=["run_01h455vb4pex5vsknk084sn02q"])]
    outcome: Annotated[
        Literal["migrated", "already", "changed", "refused", "left"] | None,
        Meta(
            description="`already`: of the new revision. `changed`: not as the preview saw it, and left alone."
            " `left`: time was up; send the token again. Null in a preview."
        ),
    ] = None
    detail: Annotated[str | None, Meta(description="Why it was refused.")] = None
    state: str | None = None
    business_key: str | None = None


class MigrationRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """Runs that cannot move, for one reason."""

    reference: Annotated[str, Meta(description="JSON pointer of the task that keeps them; empty for the run itself.")]
    detail: str
    count: int
    examples: Annotated[list[str], Meta(description="Ids of the oldest of them.")]


class MigrationView(msgspec.Struct, frozen=True, kw_only=True):
    """Of a preview the first runs that can move; of what was done each one."""

    count: Annotated[int, Meta(description="Runs of the old revision that stand still, counted to 10,000.")]
    busy: Annotated[int, Meta(description="Runs of it that are under way or in line, and are not touched.")]
    examined: Annotated[int, Meta(description="Runs that this preview looked at, the oldest first.")]
    covered: Annotated[int, Meta(description="Runs that can move and that the token stands for, 200 at most.")]
    runs: list[MigratedRun]
    refused: list[MigrationRefusal]
    suggested: Annotated[
        dict[str, str], Meta(description="A map of the tasks that have another place and the same names around them.")
    ]
    token: Annotated[str | None, Meta(description="Of a preview; good for 24 hours, for exactly these runs.")]
    next: Annotated[str | None, Meta(description="Give it as `after` to preview what follows; null when nothing does.")]


@post(
    tenant_paths("/deployments/{deployment:str}/migrations"),
    summary="Move waiting runs to another revision",
    tags=TAGS,
    status_code=200,
)
async def migrate_runs(request: Call, data: JSONBody[Migrate]) -> MigrationView:
    """First with `preview` and the revisions, then with the preview's token, which touches those runs and no others.

    A run moves when everything that it stands at is in the new revision, at the same place or where `map` says, and of
    the same kind; it goes on there from its next wait. Nothing that it did is done again. Runs that are under way are
    not touched. The same token can be sent again after whatever went wrong.
    """
    tenant, deployment = TenantId(request.tenant.tenant_id), request.path_id("dep", "deployment")
    async with request.transaction() as session:
        await service.find(session, tenant, deployment)
    given = (data.from_revision, data.to_revision, data.map or None, data.after)
    if data.preview and data.token is None and data.from_revision is not None and data.to_revision is not None:
        _check_size(data.map)
        plan = Plan(deployment=deployment, former=data.from_revision, next=data.to_revision, pairs=data.map)
        return await _preview(request, tenant, plan, data.after)
    if not data.preview and data.token is not None and given == (None, None, None, None):
        return await _execute(request, tenant, deployment, data.token)
    detail = "Send 'preview': true with 'from_revision' and 'to_revision', then the preview's 'token' alone"
    raise Invalid.at("", detail)


async def _preview(request: Call, tenant: TenantId, plan: Plan, after: str | None) -> MigrationView:
    behind = None if after is None else _run(after)
    async with request.resources.database.tenant(tenant) as connection:
        migration = await open_plan(connection, tenant, plan)
        seen = await moves.preview(connection, tenant, migration, behind)
    return _view(seen, migration.suggested(), _issue(request, tenant, plan, seen.runs) if seen.runs else None)


async def _execute(request: Call, tenant: TenantId, deployment: UUID, token: str) -> MigrationView:
    plan, runs = _read(request, tenant, deployment, token)
    done = await moves.execute(request.resources.database, tenant, plan, runs, request.principal.actor)
    request.resources.changes.note([(tenant, one.run_id) for one in done])
    return MigrationView(
        count=len(done),
        busy=0,
        examined=len(done),
        covered=len(done),
        runs=[_done(one) for one in done],
        refused=[],
        suggested={},
        token=None,
        next=None,
    )


def _issue(request: Call, tenant: TenantId, plan: Plan, runs: list[Standing]) -> str:
    """The plan and the runs with the lines that each has, signed for the tenant. Nothing is stored for it."""
    packed = msgspec.msgpack.encode((plan.former, plan.next, plan.pairs, redriving.pack(runs)))
    return previews.issue(request, _purpose(plan.deployment), tenant, packed)


def _read(request: Call, tenant: TenantId, deployment: UUID, token: str) -> tuple[Plan, list[tuple[UUID, int]]]:
    """Raises BadCursor."""
    packed = previews.read(request, _purpose(deployment), tenant, token)
    former, following, pairs, runs = msgspec.msgpack.decode(packed, type=tuple[int, int, dict[str, str], bytes])
    return Plan(deployment=deployment, former=former, next=following, pairs=pairs), redriving.unpack(runs)


def _purpose(deployment: UUID) -> str:
    return f"migration {deployment}"


def _check_size(pairs: dict[str, str]) -> None:
    if len(pairs) > mapping.MOST or len(msgspec.json.encode(pairs)) > _MOST_OF_MAP:
        detail = (
            f"at most {mapping.MOST} pairs and {_MOST_OF_MAP:,} bytes; map the task around those that move together"
        )
        raise Invalid(f"'map' has {detail}", errors=[{"pointer": "/map", "detail": detail}])


def _run(text: str) -> UUID:
    try:
        return ids.read("run", text)
    except ids.MalformedId:
        detail = "not the `next` of a preview"
        raise Invalid(f"'after' is {detail}", errors=[{"pointer": "/after", "detail": detail}]) from None


def _view(seen: Preview, suggested: dict[str, str], token: str | None) -> MigrationView:
    return MigrationView(
        count=seen.count,
        busy=seen.busy,
        examined=seen.examined,
        covered=len(seen.runs),
        runs=[_standing(one) for one in seen.runs[: previews.EXAMPLES]],
        refused=[_refusal(one) for one in seen.refusals],
        suggested=suggested,
        token=token,
        next=None if seen.behind is None else ids.show("run", seen.behind),
    )


def _standing(one: Standing) -> MigratedRun:
    return MigratedRun(id=ids.show("run", one.run_id), state=one.state, business_key=one.business_key)


def _refusal(one: Refusal) -> MigrationRefusal:
    examples = [ids.show("run", run) for run in one.examples]
    return MigrationRefusal(reference=one.reference, detail=one.detail, count=one.count, examples=examples)


def _done(one: Done) -> MigratedRun:
    return MigratedRun(id=ids.show("run", one.run_id), outcome=one.outcome, detail=one.detail)


HANDLERS: Final = (migrate_runs,)
