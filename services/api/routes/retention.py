from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta

from infra import ids
from infra.database import take_turn
from infra.ids import TenantId
from infra.problems import Invalid, NotFound
from services.api.call import Call
from services.api.fields import Instant, Slug
from services.api.policy import tenant_paths
from services.archives import keeping, retention
from services.archives.retention import Rules, Source
from template_library import retention as durations

TAGS: Final = ["retention"]
Duration = Annotated[
    str, Meta(description="ISO 8601, of whole days: a year has 365 and a month 30 of them.", examples=["P400D"])
]


class InvalidRetention(Invalid):
    """The time is none, or is under what the installation keeps at least. `errors` says which; nothing was changed."""

    name = "invalid-retention"
    title = "Runs cannot be kept for that long"


class DeploymentRetention(msgspec.Struct, frozen=True, kw_only=True):
    """How long ended runs of a deployment are kept."""

    deployment: str
    deployment_name: Slug
    keep: Duration
    source: Annotated[Source, Meta(description="Who says so: what is set nearest to the deployment counts.")]


class RetentionView(msgspec.Struct, frozen=True, kw_only=True):
    """How long ended runs are kept before they are archived and are in no list any more."""

    is_archiving: Annotated[bool, Meta(description="False: the installation has no archives, and every run is kept.")]
    installation: Duration
    least: Annotated[Duration, Meta(description="No run is removed sooner.")]
    deployments: list[DeploymentRetention]


class RetentionChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    deployment: Annotated[
        str | None, Meta(description="Absent: for all of the client's deployments that have none of their own.")
    ] = None
    keep: Annotated[Duration | None, Meta(description="Null: what the next one above says.")]


class Keep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=2000, description="Why, for whoever asks later.")]


class KeptRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is kept whatever its age."""

    run: str
    reason: str
    kept_by: str
    since: Instant


@get(tenant_paths("/retention"), summary="Read how long runs are kept", tags=TAGS)
async def read_retention(request: Call) -> RetentionView:
    """By deployment, with who says so."""
    return await _view(request)


@post(tenant_paths("/retention"), summary="Change how long runs are kept", tags=TAGS, status_code=200)
async def change_retention(request: Call, data: JSONBody[RetentionChange]) -> RetentionView:
    """Of a deployment, or of all that have none of their own. It counts for runs that ended before, too."""
    days, deployment = _days(request, data.keep), None
    if data.deployment is not None:
        try:
            deployment = ids.read("dep", data.deployment)
        except ids.MalformedId:
            raise _unknown() from None
    async with request.transaction() as session:

        async def present() -> RetentionView:
            return await _view(request)

        await take_turn(session, "retention", request.tenant.tenant_id)
        await request.match(present)
        try:
            await keeping.set_period(session, request.tenant.tenant_id, deployment, days, actor=request.principal.actor)
        except NotFound:
            raise _unknown() from None
    return await _view(request)


@post(tenant_paths("/runs/{run:str}/keep"), summary="Keep a run", tags=TAGS, status_code=200)
async def keep_run(request: Call, data: JSONBody[Keep]) -> KeptRun:
    """It is not archived, whatever its age, until somebody lets it go. Safe to repeat, with another reason too."""
    run = request.path_id("run", "run")
    async with request.transaction() as session:
        made = await keeping.keep(session, request.tenant.tenant_id, run, data.reason, actor=request.principal.actor)
        shown = ids.show("run", run)
        return KeptRun(run=shown, reason=made.reason, kept_by=made.kept_by, since=made.since)


@post(tenant_paths("/runs/{run:str}/let-go"), summary="Let a kept run go", tags=TAGS, status_code=204)
async def let_run_go(request: Call) -> None:
    """It is kept no longer than other runs of its deployment. 409 where nobody kept it."""
    run = request.path_id("run", "run")
    async with request.transaction() as session:
        await keeping.let_go(session, request.tenant.tenant_id, run, actor=request.principal.actor)


async def _view(request: Call) -> RetentionView:
    rules, tenant = Rules.of(request.resources.settings), TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        found = await retention.periods(connection, tenant, rules)
    return RetentionView(
        is_archiving=request.resources.settings.archive_folder is not None,
        installation=durations.text(rules.days),
        least=durations.text(rules.floor),
        deployments=[
            DeploymentRetention(
                deployment=ids.show("dep", one.deployment),
                deployment_name=one.name,
                keep=durations.text(one.days),
                source=one.source,
            )
            for one in found
        ],
    )


def _days(request: Call, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        days = durations.days(text)
    except ValueError as error:
        raise _invalid("/keep", f"it is {error}") from None
    least = request.resources.settings.retention_floor_days
    if days < least:
        raise _invalid("/keep", f"every run is kept for {durations.text(least)} at least")
    return days


def _unknown() -> InvalidRetention:
    return _invalid("/deployment", "there is no such deployment")


def _invalid(pointer: str, detail: str) -> InvalidRetention:
    return InvalidRetention(f"{pointer}: {detail}", errors=[{"pointer": pointer, "detail": detail}])


HANDLERS: Final = (read_retention, change_retention, keep_run, let_run_go)
