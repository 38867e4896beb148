"""The connectors of this process; a schema is compiled once, when it is first asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from services.connectors.sdk.connector import ByCall, Connector, ReadsBack
from services.connectors.sdk.manifest import Care, Operation, age
from template_library.dsl.schemas import Validator, compile_schema, first_error


class Checked:
    """An operation of a connector, and what its schemas say of values.

    Attributes:
        reads_back: the connector, where it can look for what an earlier call did.

    Raises:
        ValueError: the connector lacks what the operation's mode needs.
    """

    def __init__(self, operation: Operation, connector: Connector) -> None:
        self.operation = operation
        self._by_call = connector if isinstance(connector, ByCall) else None
        self.reads_back = connector if operation.looks and isinstance(connector, ReadsBack) else None
        if operation.mode == "by-call" and self._by_call is None:
            raise ValueError(f"{operation.name} has the mode by-call and its connector no `care`")
        if operation.mode == "check-then-write" and self.reads_back is None:
            raise ValueError(f"{operation.name} has the mode check-then-write and its connector no `read_back`")
        self._care = None if operation.mode == "by-call" else Care(operation.mode, _age(operation))

    # Compiled when they are first needed: most operations of a process are never called.
    @cached_property
    def _input(self) -> Validator:
        return compile_schema(self.operation.input)

    @cached_property
    def _output(self) -> Validator:
        return compile_schema(self.operation.output)

    def fault_in_input(self, values: Any) -> str:
        """What is wrong, with its JSON pointer; empty when nothing is."""
        return first_error(self._input, values) or ""

    def fault_in_output(self, values: Any, *, hidden: bool = False) -> str:
        return first_error(self._output, values, hidden=hidden) or ""

    def care(self, values: Any, settings: Mapping[str, Any]) -> Care:
        """How a call with `values`, valid by the input schema, stands being made again."""
        if self._care is not None:
            return self._care
        if self._by_call is None:
            raise TypeError("a by-call operation without a connector that tells")
        return self._by_call.care(self.operation.name, values, settings)


def _age(operation: Operation) -> int | None:
    return None if operation.key_valid_for is None else age(operation.key_valid_for)


class Registry:
    """Connectors by name. `in` tells whether one is known.

    Raises:
        ValueError: two connectors of one name, or one that lacks what a mode of its operations needs.
    """

    def __init__(self, connectors: Iterable[Connector]) -> None:
        self._connectors: dict[str, Connector] = {}
        self._operations: dict[tuple[str, str], Checked] = {}
        for connector in connectors:
            manifest = connector.manifest
            if manifest.name in self._connectors:
                raise ValueError(f"two connectors are named {manifest.name}")
            self._connectors[manifest.name] = connector
            for operation in manifest.operations:
                self._operations[manifest.name, operation.name] = Checked(operation, connector)

    def __contains__(self, name: str) -> bool:
        return name in self._connectors

    def __iter__(self) -> Iterator[Connector]:
        return iter(self._connectors.values())

    def connector(self, name: str) -> Connector | None:
        return self._connectors.get(name)

    def operation(self, connector: str, name: str) -> Checked | None:
        return self._operations.get((connector, name))
