"""What a document takes from elsewhere: functions by their address or of a catalogue, and schemas (DSL, Catalogs).

It is fetched once, when the document is published or run by hand, and pinned with it: what is changed elsewhere later
changes nothing of what was published.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any, Final

import msgspec

from template_library.dsl.model import Constant, FunctionCallTask, Resource, Schema, Workflow
from template_library.dsl.parse import parse
from template_library.dsl.readiness import PROCESSES

_GITHUB: Final = re.compile(
    r"https://github\.com/(?P<repository>[^/]+/[^/]+?)(?:\.git)?(?:/(?:tree|blob)/(?P<rest>.+))?/?"
)
_GITLAB: Final = re.compile(r"(?P<project>https://gitlab\.[^/]+/.+?)/-/(?:tree|blob)/(?P<rest>.+)")
_CATALOGUED: Final = re.compile(r"(?P<name>[^:@]+):(?P<version>[^@]+)@[^@]+")


class ElsewhereError(ValueError):
    """Something of the document is elsewhere in a way that cannot be pinned. The text says what to write instead.

    Attributes:
        name: of the function, or the schema's address.
    """

    def __init__(self, words: str, name: str = "") -> None:
        super().__init__(words)
        self.name = name


def place(workflow: Workflow, name: str) -> str:
    """Where the document names what an error is about; empty where it does so only by something else."""
    for path, task in workflow.tasks.items():
        if isinstance(task, FunctionCallTask) and task.source is not None and task.function == name:
            return f"{path}/call"
    found = (schema for schema in workflow.schemas if schema.resource is not None and address(schema) == name)
    return next((schema.pointer for schema in found), "")


class Gathered(msgspec.Struct, frozen=True):
    """JSON, to be pinned beside the document.

    Attributes:
        functions: definitions by the name that calls have.
        schemas: by address.
    """

    functions: dict[str, Any] = {}
    schemas: dict[str, Any] = {}


def needs(workflow: Workflow) -> bool:
    """Whether the document is not whole by itself."""
    calls = (task for task in workflow.tasks.values() if isinstance(task, FunctionCallTask))
    return any(task.source for task in calls) or any(schema.resource for schema in workflow.schemas)


def functions(workflow: Workflow) -> dict[str, str]:
    """Addresses of the documents of the functions that it calls, by the name that its call has.

    Raises:
        ElsewhereError: an address is an expression, or asks for authentication.
    """
    found: dict[str, str] = {}
    for task in workflow.tasks.values():
        if isinstance(task, FunctionCallTask) and task.source is not None:
            found[task.function] = _function(task.function, _address(task.source, task.function), task.catalog)
    return found


def schemas(workflow: Workflow) -> set[str]:
    """Addresses of the schemas that are not written in the document. Raises as `functions` does."""
    return {address(schema) for schema in workflow.schemas if schema.resource is not None}


def address(schema: Schema) -> str:
    """Of a schema that is elsewhere. Raises as `functions` does."""
    if schema.resource is None:
        raise ElsewhereError(f"{schema.pointer}: the schema is in the document")
    return _raw(_address(schema.resource, schema.pointer))


def function(name: str, definition: Any, filename: str, processes: Collection[str] = PROCESSES) -> Workflow:
    """The function of a catalogue as a workflow of one task. `definition` is what its document holds.

    `processes` as for `parse`; what is pinned may start any.

    Raises:
        template_library.dsl.DocumentError: it is no task.
    """
    return parse(text(name, definition), filename=filename, processes=processes)


def text(name: str, definition: Any) -> str:
    """The document that `function` reads."""
    task = _CATALOGUED.fullmatch(name)
    return json.dumps(
        {
            "document": {"dsl": "1.0.3", "namespace": "catalog", "name": "function", "version": "1.0.0"},
            "do": [{task["name"] if task else "function": definition}],
        }
    )


def _address(source: Resource, words: str) -> str:
    if not isinstance(source.uri, Constant) or "{" in str(source.uri.value):
        raise ElsewhereError(f"{words}: the address must be written out; nothing of a run may choose it")
    if source.authentication is not None:
        raise ElsewhereError(f"{words}: what needs authentication cannot be pinned; copy it into the document")
    return str(source.uri.value)


def _function(name: str, root: str, catalog: str) -> str:
    if not catalog:
        return _raw(root)
    parts = _CATALOGUED.fullmatch(name)
    if parts is None:
        raise ElsewhereError(f"{name}: a function of a catalogue is written name:version@catalogue")
    return f"{_raw(root).rstrip('/')}/functions/{parts['name']}/{parts['version']}/function.yaml"


def _raw(uri: str) -> str:
    """The machine-readable form of a page of GitHub or GitLab, as the reference asks for."""
    if match := _GITHUB.fullmatch(uri):
        branch, _, path = (match["rest"] or "main").partition("/")
        root = f"https://raw.githubusercontent.com/{match['repository']}/refs/heads/{branch}"
        return f"{root}/{path}" if path else root
    if match := _GITLAB.fullmatch(uri):
        return f"{match['project']}/-/raw/{match['rest']}"
    return uri
