"""What a run executes, compiled once per document: pinned revisions never change, so nothing here is ever stale."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.database import Database
from services.engine.expressions.protocol import Evaluator
from services.engine.interpreter import Interpreter
from template_library.dsl import elsewhere, parse_published
from template_library.dsl.elsewhere import Gathered
from template_library.dsl.model import Workflow
from tenants.deployments.errors import UnknownRevision
from tenants.deployments.triggers import Text, identity, pinned

_MOST: Final = 1_000


class Definition(msgspec.Struct, frozen=True):
    """A deployment's revision, ready to run; `identity` is the document's namespace, name and version."""

    identity: dict[str, str]
    interpreter: Interpreter
    parameters: dict[str, Any]
    bindings: dict[str, UUID]
    groups: dict[str, UUID] = {}


class Definitions:
    """The process's cache. Equal documents share one interpreter, whatever tenant published them."""

    def __init__(self, database: Database, evaluator: Evaluator) -> None:
        self._database = database
        self._evaluator = evaluator
        self._compiled: OrderedDict[tuple[tuple[str, bytes], ...], tuple[dict[str, str], Interpreter]] = OrderedDict()
        self._revisions: OrderedDict[tuple[UUID, UUID, int, str | None], Definition] = OrderedDict()

    async def get(self, tenant: UUID, deployment: UUID, revision: int, program: str | None = None) -> Definition:
        """The revision that a run is pinned to; with `program` the workflow of this name that it runs.

        Raises:
            tenants.deployments.errors.UnknownRevision: the tenant has none such.
            template_library.dsl.DocumentError: this version cannot read the document any more.
        """
        key = (tenant, deployment, revision, program)
        found = self._revisions.get(key)
        if found is None:
            found = self._revisions[key] = await self._load(*key)
            if len(self._revisions) > _MOST:
                self._revisions.popitem(last=False)
        else:
            self._revisions.move_to_end(key)
        return found

    async def identity(self, tenant: UUID, deployment: UUID, revision: int, program: str | None) -> dict[str, str]:
        """Namespace, name and version of what cannot be compiled."""
        async with self._database.tenant(tenant) as connection:
            return await identity(connection, tenant, deployment, revision, program)

    async def _load(self, tenant: UUID, deployment: UUID, revision: int, program: str | None) -> Definition:
        async with self._database.tenant(tenant) as connection:
            content = await pinned(connection, tenant, deployment, revision)
        chosen = (
            Text(content.document, content.digest, content.elsewhere)
            if program is None
            else content.nested.get(program)
        )
        if chosen is None:
            raise UnknownRevision(f"revision {revision} of this deployment runs no workflow {program}")
        named, interpreter = self._compile(chosen, content.nested)
        return Definition(named, interpreter, content.parameters, content.bindings, content.groups)

    def _compile(self, chosen: Text, nested: Mapping[str, Text]) -> tuple[dict[str, str], Interpreter]:
        key = (("", _digest(chosen)), *sorted((name, _digest(text)) for name, text in nested.items()))
        found = self._compiled.get(key)
        if found is None:
            programs, schemas = programs_of(chosen, nested)
            workflow = programs.pop("")
            found = self._compiled[key] = (
                workflow.document.identity,
                Interpreter(workflow, self._evaluator, programs, schemas),
            )
            if len(self._compiled) > _MOST:
                self._compiled.popitem(last=False)
        return found


def programs_of(chosen: Text, nested: Mapping[str, Text]) -> tuple[dict[str, Workflow], dict[str, Any]]:
    """The workflow `chosen` under the empty name, with those that it may run, by name; and their schemas, by address.

    Raises:
        template_library.dsl.DocumentError: this version cannot read one of them any more.
    """
    programs = {name: parse_published(text.document) for name, text in nested.items()}
    taken = [_taken(text) for text in (chosen, *nested.values())]
    for one in taken:
        programs |= {name: elsewhere.function(name, value, name) for name, value in one.functions.items()}
    programs[""] = parse_published(chosen.document)
    return programs, {uri: schema for one in taken for uri, schema in one.schemas.items()}


def _taken(text: Text) -> Gathered:
    return Gathered() if text.elsewhere is None else msgspec.json.decode(text.elsewhere, type=Gathered)


def _digest(text: Text) -> bytes:
    """Of the document with what it takes from others, which may have been something else for another tenant."""
    return text.digest if text.elsewhere is None else hashlib.sha256(text.digest + text.elsewhere.encode()).digest()
