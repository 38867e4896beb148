from __future__ import annotations

from bisect import bisect_right
from typing import Annotated, Any, Final

import msgspec
from litestar import get
from litestar.params import FromPath, QueryParameter
from msgspec import Meta

from infra.problems import NotFound
from services.api.call import Call
from services.api.fields import Cursor, Limit, NextCursor, Slug
from template_library import catalog
from template_library.catalog import Package, UnknownTemplate
from template_library.versions import Version, parse
from tenants.identity.permissions import Scope

TAGS: Final = ["templates"]


class TemplateView(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a template."""

    name: Slug
    version: str
    title: str
    summary: str


class TemplateConnection(msgspec.Struct, frozen=True):
    title: str
    operations: Annotated[list[str], Meta(description="What the connection's connector must offer.")]


class TemplateRole(msgspec.Struct, frozen=True):
    title: str
    does: Annotated[str, Meta(description="In a line.")]


class TemplateException(msgspec.Struct, frozen=True):
    """Something that goes another way than straight."""

    title: str
    owner: Annotated[str, Meta(description="Slug of the role that looks after it.")]
    within: Annotated[str | None, Meta(description="Business time in which it is to be done with.", examples=["PT4H"])]
    runbook: Annotated[str, Meta(description="What is to be done, in Markdown.")]


class TemplateDetail(TemplateView, frozen=True, kw_only=True):
    """With what a deployment of it needs."""

    connections: dict[str, TemplateConnection]
    parameters: Annotated[dict[str, Any], Meta(description="JSON Schema of the deployment's parameters.")]
    kpis: list[str]
    category: Annotated[str | None, Meta(description="Null: it does not say what follows.", examples=["orders"])]
    roles: Annotated[dict[str, TemplateRole], Meta(description="That its tasks name, by slug: give them to people.")]
    process_owner: Annotated[str | None, Meta(description="The one of them that answers for the whole.")]
    exceptions: dict[str, TemplateException]
    consumes: Annotated[list[str], Meta(description="Types of events that begin or reach its runs.")]
    emits: list[str]
    permissions: Annotated[list[str], Meta(description="That its people need.")]
    set_up: Annotated[str | None, Meta(description="Time that it takes a partner.", examples=["PT30M"])]
    guide: Annotated[
        str | None,
        Meta(description="Markdown: what a partner reads before it is chosen; for a client what its people read."),
    ]
    document: Annotated[str, Meta(description="The workflow's text.")]
    sample: Annotated[
        dict[str, Any] | None,
        Meta(
            description="A CloudEvent without `id` that starts it, null when the template has none. `*` in its strings "
            "stands for fresh digits, the same in all of them: fill them in, add an `id` and send it."
        ),
    ]


class TemplateList(msgspec.Struct, frozen=True):
    items: list[TemplateView]
    next: NextCursor


@get("/v1/templates", summary="List templates", tags=TAGS)
async def list_templates(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    name: Annotated[str | None, QueryParameter(description="Only versions of this template.", required=False)] = None,
) -> TemplateList:
    """Every version, by name, the oldest first."""
    page = request.page(limit, cursor)
    packages = [one for one in catalog.builtin().packages() if name in {None, one.manifest.name}]
    # The package that a cursor names may be gone since: the list then goes on after its place.
    places = [_place(one.reference) for one in packages]
    begin = 0 if page.after is None else bisect_right(places, _place(page.after))
    shown = packages[begin : begin + limit]
    more = begin + limit < len(packages)
    return TemplateList([view(one) for one in shown], request.cursor(shown[-1].reference if more else None))


@get("/v1/templates/{template:str}", summary="Read a template", tags=TAGS)
async def read_template(
    request: Call,
    template: FromPath[str],
    version: Annotated[
        str | None,
        QueryParameter(description="Absent: the newest that is no pre-release.", required=False, max_length=64),
    ] = None,
) -> TemplateDetail:
    """With the schema of its parameters and the connections that it needs."""
    try:
        package = catalog.builtin().find(template, version)
    except UnknownTemplate as error:
        raise NotFound(str(error)) from None
    manifest = package.manifest
    return TemplateDetail(
        **_members(package),
        connections={
            name: TemplateConnection(need.title, list(need.operations)) for name, need in manifest.connections.items()
        },
        parameters=package.parameters,
        kpis=list(manifest.kpis),
        category=manifest.category,
        roles={name: TemplateRole(one.title, one.does) for name, one in manifest.roles.items()},
        process_owner=manifest.process_owner,
        exceptions={
            name: TemplateException(one.title, one.owner, one.within, package.runbooks.get(name, ""))
            for name, one in manifest.exceptions.items()
        },
        consumes=list(manifest.events.consumes),
        emits=list(manifest.events.emits),
        permissions=list(manifest.permissions),
        set_up=manifest.set_up,
        # The partner's page may name what a client never hears of.
        guide=package.client_page if request.principal.scope is Scope.CLIENT else package.readme,
        document=package.document,
        sample=package.sample,
    )


def _place(reference: str) -> tuple[str, Version]:
    name, _, version = reference.partition("@")
    return name, parse(version)


def view(package: Package) -> TemplateView:
    return TemplateView(**_members(package))


def _members(package: Package) -> dict[str, str]:
    manifest = package.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "title": manifest.title,
        "summary": manifest.summary,
    }


HANDLERS: Final = (list_templates, read_template)
