"""The connectors of this process, with their schemas compiled once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from services.connectors.sdk.connector import Cautious, Connector
from services.connectors.sdk.manifest import Operation
from template_library.dsl.schemas import compile_schema, first_error


class Checked:
    """An operation of a connector, with its schemas compiled.

    Raises:
        ValueError: its mode is `by-call` and the connector cannot tell.
    """

    def __init__(self, operation: Operation, connector: Connector) -> None:
        self.operation = operation
        self._cautious = connector if isinstance(connector, Cautious) else None
        if operation.mode == "by-call" and self._cautious is None:
            raise ValueError(f"{operation.name} has the mode by-call and its connector no `repeats`")
        self._input = compile_schema(operation.input)
        self._output = compile_schema(operation.output)

    def fault_in_input(self, values: Any) -> str:
        """What is wrong, with its JSON pointer; empty when nothing is."""
        return first_error(self._input, values) or ""

    def fault_in_output(self, values: Any) -> str:
        return first_error(self._output, values) or ""

    def repeats(self, values: Any, settings: Mapping[str, Any]) -> bool:
        """Whether a call with `values`, valid by the input schema, may be made again when its answer is not known."""
        if self.operation.mode != "by-call" or self._cautious is None:
            return True
        return self._cautious.repeats(self.operation.name, values, settings)


class Registry:
    """Connectors by name. `in` tells whether one is known.

    Raises:
        ValueError: two connectors of one name, or one whose `by-call` operations it does not tell about.
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
