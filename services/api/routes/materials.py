"""The bill of materials of a deployment: all that a run of it is made of, so that two clients can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from litestar import get
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra.ids import TenantId
from infra.pagination import Page
from services.api.call import Call
from services.api.fields import Slug
from services.api.policy import tenant_paths
from services.connectors import certification
from services.connectors.registry import Registry
from services.holds import kinds
from services.records.mapping import shelf
from services.records.mapping.shelf import Shelf
from template_library import catalog
from template_library.catalog import Package, UnknownTemplate
from tenants.authority import repository as authority
from tenants.calendars import reading as calendars
from tenants.connections import repository as connections
from tenants.connections.models import Connection
from tenants.deployments import reach, service
from tenants.deployments.readiness import Level
from tenants.deployments.repository import Pair
from tenants.organizations import policies

TAGS: Final = ["deployments"]
_MAPPINGS: Final = 200
Digest = Annotated[str, Meta(description="SHA-256, hexadecimal: the same is the same to the byte.")]


class Part(msgspec.Struct, frozen=True):
    """Something that has a name and a version."""

    name: str
    version: Annotated[int, Meta(description="Raised with each change; 0: what is shipped.")]


class TemplatePart(msgspec.Struct, frozen=True):
    """The package that the workflow came from."""

    name: Slug
    version: str
    digest: Digest | None


class WorkflowPart(msgspec.Struct, frozen=True):
    namespace: str
    name: str
    version: str
    digest: Digest


class FilePart(msgspec.Struct, frozen=True):
    """A form or a mail of the package."""

    name: str
    digest: Digest


class ConnectorPart(msgspec.Struct, frozen=True, kw_only=True):
    """What stands behind a name of the workflow, by its connector; of a group all that its rules lead to."""

    name: Annotated[Slug, Meta(description="That the workflow uses.")]
    connection: Slug
    connector: str
    version: Annotated[str | None, Meta(description="Null: this installation has no such connector any more.")]
    level: Level | None


class RolePart(msgspec.Struct, frozen=True):
    """A role that the template's tasks name."""

    name: Slug
    title: str


class RulesPart(msgspec.Struct, frozen=True):
    """Rules on what may be written, as somebody set them."""

    level: policies.Level
    version: Annotated[int, Meta(description="0 where nothing was ever said.")]


class Materials(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment is made of now. Ids are left out, so that two that are alike have the same `digest`."""

    digest: Annotated[str, Meta(description="SHA-256 over all the rest but `deployment` and `revision`.")]
    deployment: Slug
    revision: int
    template: Annotated[TemplatePart | None, Meta(description="Null: the document was published by itself.")]
    workflow: WorkflowPart
    parameters: dict[str, Any]
    forms: list[FilePart]
    mails: list[FilePart]
    connectors: list[ConnectorPart]
    mappings: Annotated[list[Part], Meta(description="The environment's own, in their newest version.")]
    rules: list[RulesPart]
    calendars: list[Part]
    hold_types: Annotated[int, Meta(description="Version of the types of holds.")]
    authority: Annotated[int, Meta(description="Version of the matrix; 0: there is none.")]
    roles: list[RolePart]


@get(tenant_paths("/deployments/{deployment:str}/materials"), summary="Read a bill of materials", tags=TAGS)
async def read_materials(request: Call) -> Materials:
    """Of the present revision: template, workflow, parameters, forms, mails, connectors, mappings, rules, calendars."""
    deployment_id, tenant = request.path_id("dep", "deployment"), TenantId(request.tenant.tenant_id)
    async with request.transaction() as session:
        pair = await service.find(session, tenant, deployment_id)
        found = await _of_session(session, tenant, pair, request)
    async with request.resources.database.tenant(tenant) as connection:
        known = await calendars.every(connection, tenant)
        matrix = await authority.load(connection, tenant)
        found["hold_types"] = (await kinds.in_force(connection, tenant)).version
    found["calendars"] = [Part(one.name, one.version) for one in known]
    found["authority"] = 0 if matrix is None else matrix.version
    deployment, revision, _ = pair
    told = {name: found[name] for name in sorted(found)}
    digest = hashlib.sha256(msgspec.json.encode(msgspec.to_builtins(told), order="sorted")).hexdigest()
    return Materials(digest=digest, deployment=deployment.name, revision=revision.revision, **found)


async def _of_session(session: AsyncSession, tenant: TenantId, pair: Pair, request: Call) -> dict[str, Any]:
    _, revision, version = pair
    package = _package(version.template)
    leads = await reach.of_revision(session, tenant, revision)
    rows = {row.connection_id: row for row in await connections.every(session, tenant)}
    own, _ = await shelf.listed(session, Shelf(request.tenant.partner_id, tenant), Page(_MAPPINGS), None)
    chain = await policies.read(session, await policies.of_tenant(session, tenant))
    return {
        "template": _template(version.template, package),
        "workflow": WorkflowPart(version.namespace, version.name, version.version, version.digest.hex()),
        "parameters": revision.parameters,
        "forms": _files({} if package is None else package.forms),
        "mails": _files({} if package is None else package.mails),
        "connectors": [
            _connector(name, rows[one], request.resources.registry)
            for name, ones in sorted(leads.items())
            for one in ones
            if one in rows
        ],
        "mappings": [Part(one.name, one.version) for one in own],
        "rules": [RulesPart(msgspec.convert(one.owner.level, policies.Level), one.version) for one in chain],
        "roles": [RolePart(name, one.title) for name, one in sorted(_roles(package).items())],
    }


def _package(reference: str | None) -> Package | None:
    """What the installation has of it; None: it has it no more, or it is of none."""
    if reference is None:
        return None
    name, _, version = reference.partition("@")
    try:
        return catalog.builtin().find(name, version)
    except UnknownTemplate:
        return None


def _template(reference: str | None, package: Package | None) -> TemplatePart | None:
    if reference is None:
        return None
    name, _, version = reference.partition("@")
    return TemplatePart(name, version, None if package is None else package.digest())


def _roles(package: Package | None) -> Mapping[str, Any]:
    return {} if package is None else package.manifest.roles


def _files(known: Mapping[str, Any]) -> list[FilePart]:
    """Of what they say, whatever the order and the comments of their files."""
    return [
        FilePart(name, hashlib.sha256(msgspec.json.encode(one, order="sorted")).hexdigest())
        for name, one in sorted(known.items())
    ]


def _connector(name: str, row: Connection, registry: Registry) -> ConnectorPart:
    known = next((one for one in registry if one.manifest.name == row.connector), None)
    return ConnectorPart(
        name=name,
        connection=row.name,
        connector=row.connector,
        version=None if known is None else known.manifest.version,
        level=None if known is None else certification.standing(known).level,
    )


HANDLERS: Final = (read_materials,)
