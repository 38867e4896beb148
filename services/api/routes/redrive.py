from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import post
from litestar.params import JSONBody
from msgspec import Meta

from infra import ids
from infra.ids import TenantId
from infra.problems import Invalid
from services.api import previews
from services.api.call import Call, Payloads
from services.api.exception_view import findable, words
from services.api.fields import Instant
from services.api.policy import tenant_paths
from services.engine import redriving
from services.engine.redriving import Filter, Standing

_PURPOSE: Final = "redrive"


class RedriveFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that are given must hold."""

    state: Literal["faulted", "suspended"] = "faulted"
    deployment: Annotated[str, Meta(description="Id of a deployment.")] | None = None
    workflow: Annotated[str, Meta(max_length=64, description="Name of the workflow.")] | None = None
    template: Annotated[str, Meta(max_length=64, description="Name of the template.")] | None = None
    error: (
        Annotated[
            str,
            Meta(
                max_length=512,
                description="Type of the fault; of a standard one the last word will do."
                " Another finds nothing for who may not see the client's business data whole.",
            ),
        ]
        | None
    ) = None
    connection: Annotated[str, Meta(description="Id of a connection that the deployment is bound to.")] | None = None
    since: Annotated[Instant | None, Meta(description="Faulted or set aside then or later.")] = None
    until: Annotated[Instant | None, Meta(description="Faulted or set aside before.")] = None


class Redrive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `filter` with `preview: true`; then the `token` that the preview gave."""

    preview: bool = False
    filter: RedriveFilter | None = None
    token: Annotated[str, Meta(max_length=previews.MAX_TEXT)] | None = None


class RedrivenRun(msgspec.Struct, frozen=True, kw_only=True):
    id: Annotated[str, Meta(examples=["run_01h455vb4pex5vsknk084sn02q"])]
    outcome: Annotated[
        Literal["retried", "resumed", "changed", "refused", "left"] | None,
        Meta(
            description="`changed`: not as the preview saw it, and left alone. `refused`: retry it alone to see why."
            " `left`: time was up, or somebody has it in hand; send the token again. Null in a preview."
        ),
    ] = None
    business_key: str | None = None
    state: str | None = None
    error: Annotated[str | None, Meta(description="Type of the fault, as the run itself tells it to the caller.")] = (
        None
    )
    since: Instant | None = None


class Redriven(msgspec.Struct, frozen=True, kw_only=True):
    """Of a preview the first runs; of what was done each one."""

    count: Annotated[int, Meta(description="Runs that the filter finds, counted to 10,000; runs of the token.")]
    covered: Annotated[int, Meta(description="Runs that the token stands for: the oldest, 200 at most.")]
    runs: list[RedrivenRun]
    token: Annotated[str | None, Meta(description="Of a preview; good for 24 hours, for exactly these runs.")]


@post(tenant_paths("/runs/redrive"), summary="Retry or resume many runs", tags=["runs"], status_code=200)
async def redrive_runs(request: Call, data: JSONBody[Redrive]) -> Redriven:
    """First with `preview` and a filter, then with the preview's token, which touches those runs and no others.

    Faulted runs are retried, suspended ones resumed, each in a commit of its own and only as the preview saw it. So
    the same token can be sent again after whatever went wrong.
    """
    tenant = TenantId(request.tenant.tenant_id)
    if data.preview and data.filter is not None and data.token is None:
        return await _preview(request, tenant, data.filter)
    if not data.preview and data.token is not None and data.filter is None:
        return await _drive(request, tenant, data.token)
    detail = "Send 'preview': true with a 'filter', then the preview's 'token' alone"
    raise Invalid.at("", detail)


async def _preview(request: Call, tenant: TenantId, wanted: RedriveFilter) -> Redriven:
    only = Filter(
        state=wanted.state,
        deployment=_id("dep", "deployment", wanted.deployment),
        workflow=wanted.workflow,
        template=wanted.template,
        errors=None if wanted.error is None else findable(wanted.error, request.payloads),
        connection=_id("con", "connection", wanted.connection),
        since=wanted.since,
        until=wanted.until,
    )
    async with request.resources.database.tenant(tenant) as connection:
        found, count = await redriving.find(connection, tenant, only)
    packed = redriving.pack(found)
    token = previews.issue(request, _PURPOSE, tenant, packed)
    runs = [_shown(one, request.payloads) for one in found[: previews.EXAMPLES]]
    return Redriven(count=count, covered=len(found), runs=runs, token=token if found else None)


async def _drive(request: Call, tenant: TenantId, token: str) -> Redriven:
    packed = previews.read(request, _PURPOSE, tenant, token)
    actor = request.principal.actor
    done = await redriving.drive(request.resources.database, tenant, redriving.unpack(packed), actor)
    request.resources.ring()
    request.resources.changes.note([(tenant, run) for run, _ in done])
    runs = [RedrivenRun(id=ids.show("run", run), outcome=outcome) for run, outcome in done]
    return Redriven(count=len(done), covered=len(done), runs=runs, token=None)


def _shown(one: Standing, payloads: Payloads) -> RedrivenRun:
    return RedrivenRun(
        id=ids.show("run", one.run_id),
        business_key=one.business_key,
        state=one.state,
        error=None if one.error_type is None else words("failed", one.error_type, "", payloads)[0],
        since=one.since,
    )


def _id(prefix: str, name: str, text: str | None) -> Any:
    if text is None:
        return None
    try:
        return ids.read(prefix, text)
    except ids.MalformedId:
        detail = f"no id of the form {prefix}_…"
        raise Invalid(f"'{name}' is {detail}", errors=[{"pointer": f"/filter/{name}", "detail": detail}]) from None


HANDLERS: Final = (redrive_runs,)
