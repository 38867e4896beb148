"""The parts of a workflow around its tasks: `document`, `input`, `output`, `export`, `evaluate`."""

from __future__ import annotations

import re
from typing import Any, Final

from template_library.dsl.checker import Checker, kind_of
from template_library.dsl.model import Document, Schema, Transform
from template_library.dsl.positions import step
from template_library.dsl.resources import Resources
from template_library.dsl.schemas import SchemaError, compile_schema
from template_library.dsl.templates import Templates

_NUMBER: Final = r"(?:0|[1-9]\d*)"
_LABEL: Final = r"(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
SEMVER: Final = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_LABEL}(?:\.{_LABEL})*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?"
)
SLUG: Final = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_OLDEST: Final = (1, 0, 0)
_NEWEST: Final = (1, 0, 3)
_SCHEMA_FORMAT: Final = re.compile(r"json(:.+)?")


class Parts:
    def __init__(self, checker: Checker, templates: Templates, resources: Resources) -> None:
        self._checker = checker
        self._templates = templates
        self._resources = resources
        self.schemas: list[Schema] = []

    def document(self, value: Any) -> Document | None:
        pointer = "/document"
        required = ("dsl", "namespace", "name", "version")
        members = self._checker.members(
            value, pointer, (*required, "title", "summary", "tags", "metadata"), required=required
        )
        if members is None:
            return None
        before = len(self._checker.violations)
        for name, value_of in members.items():
            self._document_member(value_of, step(pointer, name), name)
        if len(self._checker.violations) > before or any(name not in members for name in required):
            return None
        self._dsl(members["dsl"])
        return Document(**members)

    def _document_member(self, value: Any, pointer: str, name: str) -> None:
        if name in {"dsl", "version"}:
            self._checker.text(value, pointer, pattern=SEMVER, form="a semantic version such as 1.0.3, in quotes")
        elif name in {"namespace", "name"}:
            form = "a name of letters, digits and inner hyphens, at most 63 long"
            self._checker.text(value, pointer, pattern=SLUG, form=form)
        elif name in {"title", "summary"}:
            self._checker.text(value, pointer)
        elif not isinstance(value, dict):
            self._checker.refuse(pointer, f"must be an object, not {kind_of(value)}")

    def _dsl(self, text: str) -> None:
        """Compares as numbers: 1.0.10 is newer than 1.0.9; a pre-release comes before its release."""
        core, _, rest = text.partition("+")[0].partition("-")
        version = tuple(int(part) for part in core.split("."))
        if not _OLDEST <= version <= _NEWEST or (rest and version == _OLDEST):
            self._checker.refuse("/document/dsl", f"version {text} of the language is unknown here; 1.0.0 to 1.0.3 are")

    def transform(self, value: Any, pointer: str, name: str, arguments: frozenset[str]) -> Transform:
        """`input` (`name` is `from`), `output` or `export` (`as`)."""
        members = self._checker.members(value, pointer, (name, "schema")) or {}
        template = None
        if name in members:
            template = self._templates.transform(members[name], step(pointer, name), arguments)
        schema = None
        if "schema" in members:
            schema = self._schema(members["schema"], step(pointer, "schema"), arguments)
        return Transform(template, schema)

    def _schema(self, value: Any, pointer: str, arguments: frozenset[str]) -> Schema | None:
        members = self._checker.members(value, pointer, ("format", "document", "resource"))
        if members is None:
            return None
        if "format" in members:
            self._checker.text(members["format"], step(pointer, "format"), pattern=_SCHEMA_FORMAT, form="`json`")
        chosen = self._checker.one_of(members, pointer, ("document", "resource"))
        if chosen is None:
            return None
        pointer = step(pointer, chosen)
        return (
            self._inline(members["document"], pointer)
            if chosen == "document"
            else self._outside(members["resource"], pointer, arguments)
        )

    def _inline(self, value: Any, pointer: str) -> Schema | None:
        try:
            compile_schema(value)
        except SchemaError as error:
            self._checker.refuse(pointer, f"the schema is wrong: {error}")
            return None
        schema = Schema(value, pointer)
        self.schemas.append(schema)
        return schema

    def _outside(self, value: Any, pointer: str, arguments: frozenset[str]) -> Schema | None:
        if not self._checker.uses(pointer, "resource"):
            return None
        resource = self._resources.resource(value, pointer, arguments)
        if resource is None:
            return None
        schema = Schema(None, pointer, self._resources.pinned(resource, step(pointer, "endpoint")))
        self.schemas.append(schema)
        return schema

    def evaluate(self, value: Any) -> bool:
        """Whether the mode is loose."""
        members = self._checker.members(value, "/evaluate", ("language", "mode")) or {}
        if members.get("language", "jq") != "jq":
            self._checker.refuse("/evaluate/language", "expressions are written in `jq`")
        if "mode" not in members:
            return False
        mode = self._checker.choice(members["mode"], "/evaluate/mode", ("strict", "loose"))
        return mode == "loose" and self._checker.uses("/evaluate/mode", "evaluate.mode: loose")
