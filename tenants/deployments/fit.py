"""Whether a workflow, its parameters and its connections fit together. Everything wrong is found in one go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from template_library import catalog, schemas
from template_library.catalog import Package, UnknownTemplate
from template_library.dsl import Workflow
from template_library.dsl.schemas import SchemaError, compile_schema
from template_library.policies.capabilities import Access
from template_library.schemas import Breach
from tenants.connections import repository as connections
from tenants.connections.models import Connection
from tenants.deployments import needs
from tenants.deployments.errors import InvalidDeployment
from tenants.deployments.needs import Need
from tenants.deployments.reach import Reach

Offers = Mapping[str, Mapping[str, Access]]
"""Operations by connector, with what each may write. The edge hands them down: a tenant's part knows no connector."""

_NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "additionalProperties": False}


def package_of(template: str | None) -> Package | None:
    """The package that a workflow version came from, None for a document of the tenant's own.

    Raises:
        InvalidDeployment: this installation has no such package any more.
    """
    if template is None:
        return None
    name, _, version = template.partition("@")
    try:
        return catalog.builtin().find(name, version)
    except UnknownTemplate as error:
        raise InvalidDeployment.at("/template", str(error)) from None


class Parts(msgspec.Struct, frozen=True):
    """What is to fit together.

    Attributes:
        package: None for a document of the tenant's own.
        reach: the connections that each name may lead to.
        nested: workflows that it runs; they use the same connections.
        grouped: names that have a group of connections.
    """

    workflow: Workflow
    package: Package | None
    parameters: Mapping[str, Any]
    reach: Reach
    nested: tuple[Workflow, ...] = ()
    grouped: frozenset[str] = frozenset()


async def check(session: AsyncSession, tenant_id: UUID, parts: Parts, offers: Offers) -> dict[str, Any]:
    """The parameters with their defaults filled in.

    Raises:
        InvalidDeployment: a parameter breaks the schema, a connection is missing, unknown, disabled or of a connector
            that lacks an operation. A connection of another tenant is unknown like any other (S-02).
    """
    workflow, package, reach = parts.workflow, parts.package, parts.reach
    filled, errors = _parameters(schema_of(workflow, package), parts.parameters)
    needed = needs.join(needs.find(workflow, *parts.nested)[0], package.manifest if package else None)
    wanted = {one for ids in reach.values() for one in ids}
    known = {row.connection_id: row for row in await connections.find_many(session, tenant_id, wanted)}
    errors += _bindings(needed, reach, known, offers)
    for name in {one for document in (workflow, *parts.nested) for one in document.secrets} & parts.grouped:
        errors.append(Breach(f"/bindings/{name}", "a secret is that of one connection, and no group's"))
    if errors:
        raise InvalidDeployment(
            "; ".join(f"{error.pointer or '/'}: {error.detail}" for error in errors[:3]),
            errors=[{"pointer": error.pointer, "detail": error.detail} for error in errors],
        )
    return filled


def schema_of(workflow: Workflow, package: Package | None) -> Any:
    """JSON Schema of the parameters, as the package or the document declares it."""
    return package.parameters if package else workflow.document.metadata.get("parameters", _NO_PARAMETERS)


def _parameters(schema: Any, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Breach]]:
    if not isinstance(schema, Mapping):
        return {}, [Breach("/parameters", "the document's `metadata.parameters` is no JSON Schema")]
    try:
        compile_schema(dict(schema))
        filled = schemas.with_defaults(schema, given)
        found = schemas.check(schema, filled)
    except SchemaError as error:
        return {}, [Breach("/parameters", f"the document's schema of parameters is wrong: {error}")]
    return filled, [Breach("/parameters" + breach.pointer, breach.detail) for breach in found]


def _bindings(
    needed: Mapping[str, Need], reach: Reach, known: Mapping[UUID, Connection], offers: Offers
) -> list[Breach]:
    errors = [
        Breach(f"/bindings/{name}", "the workflow has no such connection") for name in reach if name not in needed
    ]
    for name, need in needed.items():
        if name not in reach:
            errors.append(Breach("/bindings", f"the workflow's connection `{name}` is not bound"))
        for one in reach.get(name, ()):
            errors += unfit(f"/bindings/{name}", need, known.get(one), offers, is_one_of=len(reach[name]) > 1)
    return errors


def unfit(
    pointer: str, need: Need, connection: Connection | None, offers: Offers, *, is_one_of: bool = False
) -> Iterator[Breach]:
    """Why a connection cannot be what is needed. `is_one_of`: several stand there, and the words name it."""
    if connection is None:
        yield Breach(pointer, "there is no such connection")
        return
    named = f" `{connection.name}`" if is_one_of else ""
    if connection.status != "active":
        yield Breach(pointer, f"the connection{named} is disabled")
        return
    missing = sorted(need.operations.difference(offers.get(connection.connector, {})))
    if missing:
        of = f" of{named}" if named else ""
        yield Breach(pointer, f"the connector `{connection.connector}`{of} does not offer {', '.join(missing)}")
