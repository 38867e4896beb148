"""A template's scenarios, run on simulated systems before anybody relies on it (ADR 0110)."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from infra.problems import NotFound
from services.api.call import Call
from services.api.fields import Slug
from services.api.routes.templates import TAGS
from services.rehearsals.rehearsals import Outcome
from template_library import catalog, schemas
from template_library.catalog import Package, UnknownTemplate
from tenants.audit import service as audit
from tenants.organizations.errors import InvalidField

_NAMED: Final = 20


class NewRehearsal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which version, and with which parameters."""

    version: Annotated[str, Meta(max_length=64, examples=["1.2.0"])]
    parameters: Annotated[
        dict[str, Any], Meta(description="They stand where a scenario names none of its own.", examples=[{}])
    ] = {}


class ScenarioOutcome(msgspec.Struct, frozen=True):
    """One scenario; it passed when nothing is wrong."""

    name: str
    passed: bool
    wrong: Annotated[list[str], Meta(description="What came otherwise than the scenario expects, at most 20 lines.")]


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """How the scenarios of a template went. `digest`: SHA-256 over the package that was rehearsed."""

    template: Slug
    version: str
    digest: str
    passed: int
    failed: int
    scenarios: Annotated[list[ScenarioOutcome], Meta(description="The first one is of the package itself.")]


@post("/v1/templates/{template:str}/rehearsals", summary="Rehearse a template", tags=TAGS, status_code=200)
async def rehearse_template(request: Call, template: FromPath[str], data: JSONBody[NewRehearsal]) -> Rehearsal:
    """Runs its scenarios on simulated systems, with people, holds and time in memory; reaches nothing of a client.

    It takes seconds up to two minutes, and one after the other goes. What came of it stands in the partner's audit log.
    """
    package = _found(template, data.version)
    parameters = schemas.with_defaults(package.parameters, data.parameters)
    for one in schemas.check(package.parameters, parameters):
        raise InvalidField(f"/parameters{one.pointer}", one.detail)
    outcomes = await request.resources.rehearsals(template, data.version, data.parameters)
    failed = [one.name for one in outcomes if one.wrong]
    async with request.transaction() as session:
        after = {"digest": package.digest(), "passed": len(outcomes) - len(failed), "failed": failed[:_NAMED]}
        await audit.record(
            session,
            actor=request.principal.actor,
            action="template.rehearsed",
            target=package.reference,
            after=after,
            partner_id=request.principal.partner_id,
        )
    return _report(package, outcomes, len(failed))


def _found(name: str, version: str) -> Package:
    try:
        return catalog.builtin().find(name, version)
    except UnknownTemplate as error:
        raise NotFound(str(error)) from None


def _report(package: Package, outcomes: list[Outcome], failed: int) -> Rehearsal:
    return Rehearsal(
        template=package.manifest.name,
        version=package.manifest.version,
        digest=package.digest(),
        passed=len(outcomes) - failed,
        failed=failed,
        scenarios=[ScenarioOutcome(one.name, not one.wrong, one.wrong) for one in outcomes],
    )


HANDLERS: Final = (rehearse_template,)
