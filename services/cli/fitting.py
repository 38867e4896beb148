"""Whether a document fits its deployment, asked before it is published: a version that does not fit would stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from services.cli.client import Api, Problem
from services.connectors.builtin import offered_connectors
from services.connectors.forms import forms
from services.connectors.registry import Registry
from template_library import schemas
from template_library.dsl import DocumentError, Workflow, parse
from template_library.dsl.readiness import PROCESSES
from template_library.dsl.schemas import SchemaError
from tenants.deployments import needs
from tenants.deployments.needs import Need

_NO_PARAMETERS: Final[Mapping[str, Any]] = {"type": "object", "additionalProperties": False}


class Parts(msgspec.Struct, frozen=True):
    """What is to fit: the document's text and file, its parameters, and connection ids by the workflow's names."""

    text: str
    file: Path
    parameters: Mapping[str, Any]
    bindings: Mapping[str, str]


async def check(api: Api, parts: Parts) -> None:
    """Return when everything fits; the API decides again when it deploys, and alone which programs may be started.

    Raises:
        Problem: with everything that does not.
    """
    try:
        workflow = parse(parts.text, filename=str(parts.file), processes=PROCESSES)
    except DocumentError as error:
        raise _refused(
            [{"pointer": one.pointer, "line": one.line, "detail": one.message} for one in error.violations]
        ) from None
    used, uncertain = needs.find(workflow)
    errors = [{"pointer": one.pointer, "detail": one.detail} for one in uncertain]
    errors += _parameters(workflow, parts.parameters)
    needed = needs.join(used, None)
    errors += [
        _error(f"bindings/{name}", "the workflow has no such connection")
        for name in parts.bindings
        if name not in needed
    ]
    for name, need in needed.items():
        if parts.bindings.get(name, "").startswith("grp_"):
            group = await api.get(f"/connection-groups/{parts.bindings[name]}")
            for one in dict.fromkeys(rule["connection"] for rule in group["rules"]):
                errors += _connection(name, need, await api.get(f"/connections/{one}"))
        elif name in parts.bindings:
            connection = await api.get(f"/connections/{parts.bindings[name]}")
            errors += _connection(name, need, connection)
        else:
            errors.append(
                _error("bindings", f"the workflow's connection `{name}` is not bound; give --bind {name}=CONNECTION")
            )
    if errors:
        raise _refused(errors)


async def name_is_free(api: Api, name: str) -> None:
    """Raises Problem when the client has a deployment of this name."""
    if (await api.get("/deployments", name=name, limit=1))["items"]:
        raise Problem(
            {
                "status": 409,
                "title": "This name is taken",
                "detail": f"there is a deployment `{name}`; nothing was published",
            }
        )


def _parameters(workflow: Workflow, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    schema = workflow.document.metadata.get("parameters", _NO_PARAMETERS)
    if not isinstance(schema, Mapping):
        return [_error("parameters", "the document's `metadata.parameters` is no JSON Schema")]
    try:
        found = schemas.check(schema, schemas.with_defaults(schema, given))
    except SchemaError as error:
        return [_error("parameters", f"the document's schema of parameters is wrong: {error}")]
    return [_error(f"parameters{breach.pointer}", breach.detail) for breach in found]


def _connection(name: str, need: Need, connection: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if connection["status"] != "active":
        yield _error(f"bindings/{name}", "the connection is disabled")
    # A connector that is not of this version is for the API to judge.
    form = forms(Registry(offered_connectors())).get(connection["connector"])
    missing = sorted(need.operations - form.operations) if form is not None else []
    if missing:
        detail = f"the connector `{connection['connector']}` does not offer {', '.join(missing)}"
        yield _error(f"bindings/{name}", detail)


def _error(place: str, detail: str) -> dict[str, Any]:
    return {"pointer": f"/{place}", "detail": detail}


def _refused(errors: list[dict[str, Any]]) -> Problem:
    return Problem(
        {"status": 422, "title": "The document cannot be deployed so; nothing was published", "errors": errors}
    )
