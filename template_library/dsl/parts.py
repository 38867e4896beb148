"""The parts of a workflow around its tasks: `document`, `input`, `output`, `export`, `schedule`, `evaluate`."""

from __future__ import annotations

import re
from typing import Any, Final

from template_library.dsl.checker import Checker, kind_of
from template_library.dsl.model import Document, EventTrigger, Schema, Transform
from template_library.dsl.positions import step
from template_library.dsl.schemas import SchemaError, compile_schema
from template_library.dsl.templates import Templates

_NUMBER: Final = r"(?:0|[1-9]\d*)"
_LABEL: Final = r"(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
SEMVER: Final = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_LABEL}(?:\.{_LABEL})*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?"
)
_SLUG: Final = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_OLDEST: Final = (1, 0, 0)
_NEWEST: Final = (1, 0, 3)
_SCHEMA_FORMAT: Final = re.compile(r"json(:.+)?")


class Parts:
    def __init__(self, checker: Checker, templates: Templates) -> None:
        self._checker = checker
        self._templates = templates
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
            self._checker.text(value, pointer, pattern=_SLUG, form=form)
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
        schema = self._schema(members["schema"], step(pointer, "schema")) if "schema" in members else None
        return Transform(template, schema)

    def _schema(self, value: Any, pointer: str) -> Schema | None:
        members = self._checker.members(value, pointer, ("format", "document"), later=("resource",))
        if members is None:
            return None
        if "format" in members:
            self._checker.text(members["format"], step(pointer, "format"), pattern=_SCHEMA_FORMAT, form="`json`")
        if "document" not in members:
            if "resource" not in value:
                self._checker.refuse(pointer, "`document` is missing")
            return None
        schema = Schema(members["document"], step(pointer, "document"))
        try:
            compile_schema(schema.document)
        except SchemaError as error:
            self._checker.refuse(schema.pointer, f"the schema is wrong: {error}")
            return None
        self.schemas.append(schema)
        return schema

    def schedule(self, value: Any) -> EventTrigger | None:
        pointer = "/schedule"
        members = self._checker.members(value, pointer, ("on",), later=("every", "cron", "after"))
        if members is None or "on" not in members:
            if isinstance(value, dict) and not value:
                self._checker.refuse(pointer, "`on` is missing")
            return None
        pointer = step(pointer, "on")
        chosen = self._checker.members(members["on"], pointer, ("one",), later=("all", "any", "until"))
        if chosen is None or "one" not in chosen:
            if chosen is not None and not members["on"]:
                self._checker.refuse(pointer, "`one` is missing")
            return None
        pointer = step(pointer, "one")
        event = self._checker.members(chosen["one"], pointer, ("with",), required=("with",), later=("correlate",))
        if event is None or "with" not in event:
            return None
        return self._attributes(event["with"], step(pointer, "with"))

    def _attributes(self, value: Any, pointer: str) -> EventTrigger | None:
        if not isinstance(value, dict) or not value:
            self._checker.refuse(pointer, "must be an object with at least one event attribute, such as `type`")
            return None
        for name, member in value.items():
            if isinstance(member, str) and member.strip().startswith("${"):
                self._checker.later(step(pointer, name), "expression in an event filter")
            elif name != "data" and not isinstance(member, str):
                self._checker.refuse(step(pointer, name), f"must be a string, not {kind_of(member)}")
        return EventTrigger(value)

    def evaluate(self, value: Any) -> None:
        members = self._checker.members(value, "/evaluate", ("language", "mode")) or {}
        if members.get("language", "jq") != "jq":
            self._checker.refuse("/evaluate/language", "expressions are written in `jq`")
        mode = members.get("mode", "strict")
        if mode == "loose":
            self._checker.later("/evaluate/mode", "evaluate.mode: loose")
        elif mode != "strict":
            self._checker.refuse("/evaluate/mode", "must be `strict` or `loose`")
