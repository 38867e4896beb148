"""A workflow document with what is compiled once for all its runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.engine.expressions.protocol import Evaluator
from template_library.dsl import elsewhere
from template_library.dsl.model import Schema, Workflow
from template_library.dsl.schemas import Validator, compile_schema


class Program:
    """Holds no state of any run; share it between them."""

    def __init__(self, workflow: Workflow, evaluator: Evaluator, schemas: Mapping[str, Any] | None = None) -> None:
        """`schemas` are those that the document takes from elsewhere, by address."""
        self.workflow = workflow
        self.evaluator = evaluator
        self._schemas = schemas or {}
        self._validators: dict[str, Validator] = {}

    def validator(self, schema: Schema) -> Validator:
        found = self._validators.get(schema.pointer)
        if found is None:
            found = self._validators[schema.pointer] = compile_schema(self._document(schema))
        return found

    def _document(self, schema: Schema) -> Any:
        if schema.resource is None:
            return schema.document
        return self._schemas[elsewhere.address(schema)]
