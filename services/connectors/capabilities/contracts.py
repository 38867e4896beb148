"""The contracts of the capabilities, read from the files beside this one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from services.connectors.capabilities import stock
from services.connectors.sdk.manifest import Mode, Operation
from template_library.dsl import reader
from template_library.policies.capabilities import Domain

CREDIT: Final = "erp.customers.credit"
AVAILABILITY: Final = "erp.items.availability"
CREATE_ORDER: Final = "erp.sales-orders.create"

_FOLDER: Final = Path(__file__).parent
COMPLETIONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {"stock": stock.completed}
"""Rules of the product by name: input and facts → output. Raises ValueError for facts that cannot be."""


class Contract(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What everybody takes and gives who offers a capability.

    Attributes:
        input, output: JSON Schemas (2020-12) that stand for themselves.
        reads: it changes nothing.
        writes: what one that does is about, for rules.
        facts: JSON Schema of what a declared connector's mapping gives where `completion` makes the output of it.
        completion: name in `COMPLETIONS`.
    """

    title: str
    input: dict[str, Any]
    output: dict[str, Any]
    reads: bool = False
    writes: tuple[Domain, ...] = ()
    facts: dict[str, Any] | None = None
    completion: str = ""

    def operation(self, name: str, mode: Mode, *, evens_out: bool = False) -> Operation:
        """As a connector offers it; `mode` is how a write stands being repeated."""
        return Operation(
            name=name,
            title=self.title,
            mode="read" if self.reads else mode,
            evens_out=evens_out and not self.reads,
            input=self.input,
            output=self.output,
            writes=self.writes,
        )


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    capabilities: dict[str, Contract]
    definitions: dict[str, Any] = {}


@functools.cache
def contracts() -> Mapping[str, Contract]:
    """By name."""
    found: dict[str, Contract] = {}
    for file in sorted(_FOLDER.glob("*.yaml")):
        content = msgspec.convert(reader.read(file.read_text(encoding="utf-8"), filename=str(file)).value, _File)
        found |= {name: _whole(one, content.definitions) for name, one in content.capabilities.items()}
    return found


def operations(names: tuple[str, ...], *, write: Mode, evens_out: bool = False) -> tuple[Operation, ...]:
    """Those capabilities as a connector in Python offers them; `write` is the mode of those that change something."""
    return tuple(contracts()[name].operation(name, write, evens_out=evens_out) for name in names)


def _whole(contract: Contract, definitions: dict[str, Any]) -> Contract:
    """With what its schemas refer to."""
    shared = {"$defs": definitions} if definitions else {}
    return msgspec.structs.replace(
        contract,
        input={**contract.input, **shared},
        output={**contract.output, **shared},
        facts=None if contract.facts is None else {**contract.facts, **shared},
    )
