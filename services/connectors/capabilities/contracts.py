"""The contracts of the capabilities, read from the files beside this one."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from services.connectors.capabilities import likeness, listing, progress, records, stock
from services.connectors.sdk.manifest import Mode, Operation
from template_library.dsl import reader
from template_library.policies.capabilities import Domain
from template_library.records import registry

CREDIT: Final = "erp.customers.credit"
AVAILABILITY: Final = "erp.items.availability"
CREATE_ORDER: Final = "erp.sales-orders.create"
SHIPMENTS: Final = "erp.shipments.watch"
INVOICES: Final = "erp.invoices.watch"
SALES: Final = "erp.sales-orders.watch"
TRIGGER_INVOICE: Final = "erp.invoices.trigger"
GET_INVOICE: Final = "erp.invoices.get"
DISPUTE: Final = "erp.invoices.dispute"
CREDIT_NOTE: Final = "erp.credit-notes.create"
COLLECT: Final = "erp.deductions.collect"
BILLING: Final = (TRIGGER_INVOICE, GET_INVOICE, DISPUTE, CREDIT_NOTE, COLLECT)
"""What a delivery or an objection leads to."""
ACCOUNT: Final = "erp.customers.get"
MATCH: Final = "erp.customers.match"
ORDER: Final = "erp.sales-orders.get"
SOURCES: Final = "erp.items.sources"
TRANSFER: Final = "erp.transfers.create"
CHANGE: Final = "erp.sales-orders.change"
SHORT: Final = (ORDER, SOURCES, TRANSFER, CHANGE)
"""What is short on an order."""

_RECORD: Final = re.compile(re.escape(registry.URN) + r"((?!parts:)[a-z-]+:[1-9][0-9]*)")
_FOLDER: Final = Path(__file__).parent
_COMMON: Final = _FOLDER / "common.yaml"
"""What several files define alike; no capabilities."""
COMPLETIONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "stock": stock.completed,
    "records": records.completed,
    "records-each": records.each,
    "listing": listing.completed,
    "progress": progress.completed,
    "likeness": likeness.completed,
}
"""Rules of the product by name: input and facts → output. Raises ValueError for facts that cannot be."""


class Contract(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What everybody takes and gives who offers a capability.

    Attributes:
        input, output: JSON Schemas (2020-12) that stand for themselves; a file may refer to records by their URN.
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
    capabilities: dict[str, Contract] = {}
    definitions: dict[str, Any] = {}


@functools.cache
def contracts() -> Mapping[str, Contract]:
    """By name."""
    found: dict[str, Contract] = {}
    common = _read(_COMMON).definitions
    for file in sorted(_FOLDER.glob("*.yaml")):
        content = _read(file)
        found |= {name: _whole(one, content.definitions, common) for name, one in content.capabilities.items()}
    return found


def operations(names: tuple[str, ...], *, write: Mode, evens_out: bool = False) -> tuple[Operation, ...]:
    """Those capabilities as a connector in Python offers them; `write` is the mode of those that change something."""
    return tuple(contracts()[name].operation(name, write, evens_out=evens_out) for name in names)


def _read(file: Path) -> _File:
    return msgspec.convert(reader.read(file.read_text(encoding="utf-8"), filename=str(file)).value, _File)


def _whole(contract: Contract, definitions: dict[str, Any], common: dict[str, Any]) -> Contract:
    """With what its schemas refer to; of what is common to all files, what its answer has of it."""
    return msgspec.structs.replace(
        contract,
        input=_bundled(contract.input, definitions),
        output=_answered(contract.output, definitions, common),
        facts=None if contract.facts is None else _answered(contract.facts, definitions, common),
    )


def _answered(schema: dict[str, Any], definitions: dict[str, Any], common: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(schema)
    return _bundled(schema, definitions | {name: one for name, one in common.items() if f'"#/$defs/{name}"' in text})


def _bundled(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema with the file's definitions and the records that it names inside (JSON Schema 2020-12, 9.3)."""
    text = json.dumps([schema, definitions])
    named = {name: registry.schema(*_version(name)) for name in sorted(set(_RECORD.findall(text)))}
    is_of_records = registry.URN in text
    parts = {name.removeprefix(registry.URN): one for name, one in registry.parts().items()} if is_of_records else {}
    shared = {**definitions, **named, **parts}
    return {**schema, "$defs": shared} if shared else schema


def _version(name: str) -> tuple[str, int]:
    record, _, version = name.partition(":")
    return record, int(version)
