"""The schemas of records: found by name and version, whole, and what a record breaks of one.

A folder for each record holds `<version>.schema.json`, `.examples.json` with records that are valid, and
`.refused.json` with changes of these that are not. A version that was released never changes (ADR 0071).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from template_library import schemas
from template_library.dsl.schemas import Formats, Validator, compile_schema
from template_library.records.rules import broken
from template_library.schemas import Breach
from template_library.values import currencies, gs1, units

URN: Final = "urn:record-schema:"
PARTS: Final = "parts"
"""What records share; no record itself."""
FORMATS: Final[Formats] = {
    "gtin": gs1.is_gtin,
    "gln": gs1.is_gln,
    "sscc": gs1.is_sscc,
    "iso-4217": currencies.is_currency,
    "rec-20": units.is_unit,
}
"""What schemas of records call `format` besides the draft's own."""
_FOLDER: Final = Path(__file__).parent
_SCHEMA: Final = ".schema.json"


class UnknownRecord(LookupError):
    """No record has this name, or it has no such version. The caller lists `names`."""


class Refused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record that is not valid, as a change of one that is.

    Attributes:
        title: what is wrong with it.
        of: name of the example.
        change: values by their pointer (RFC 6901); null takes the member away.
        at: pointer to what is refused, or to the object around what is missing.
        says: part of the words that the sender gets.
    """

    title: str
    of: str
    change: dict[str, Any]
    at: str
    says: str


@cache
def names() -> dict[str, tuple[int, ...]]:
    """The records by name, each with its versions, the oldest first."""
    found: dict[str, list[int]] = {}
    for file in _FOLDER.glob(f"*/*{_SCHEMA}"):
        if file.parent.name != PARTS:
            found.setdefault(file.parent.name, []).append(int(file.name.removesuffix(_SCHEMA)))
    return {name: tuple(sorted(found[name])) for name in sorted(found)}


def urn(name: str, version: int) -> str:
    """What a record's schema is known by: `urn:record-schema:sales-order:1`."""
    return f"{URN}{name}:{version}"


def newest(name: str) -> int:
    """Raises UnknownRecord."""
    try:
        return names()[name][-1]
    except KeyError:
        raise UnknownRecord(f"there is no record {name[:64]}") from None


@cache
def schema(name: str, version: int) -> Mapping[str, Any]:
    """The schema as its file has it; it refers to the parts.

    Raises:
        UnknownRecord: see there.
    """
    if version not in names().get(name, ()):
        raise UnknownRecord(f"there is no record {name[:64]} of version {version}")
    return _read(file(name, version, "schema"))


@cache
def parts() -> dict[str, Mapping[str, Any]]:
    """What records share, by URN."""
    read = [_read(file) for file in sorted((_FOLDER / PARTS).glob(f"*{_SCHEMA}"))]
    return {one["$id"]: one for one in read}


def whole(name: str, version: int) -> dict[str, Any]:
    """The schema with the parts inside, as one document that needs nothing else (JSON Schema 2020-12, 9.3).

    Raises:
        UnknownRecord: see there.
    """
    found = dict(schema(name, version))
    found["$defs"] = {**found.get("$defs", {}), **{urn.removeprefix(URN): one for urn, one in parts().items()}}
    return found


def check(name: str, version: int, record: Any) -> list[Breach]:
    """What `record` breaks of the schema; and, where it breaks nothing of that, of the rules behind it. At most 50.

    Raises:
        UnknownRecord: see there.
    """
    return schemas.breaches(_compiled(name, version), record) or broken(name, record)


def file(name: str, version: int, what: str) -> Path:
    """Of a record: its `schema`, `examples` or what is `refused`."""
    return _FOLDER / name / f"{version}.{what}.json"


def examples(name: str, version: int) -> dict[str, Any]:
    """Records that are valid, by what they show."""
    read: dict[str, Any] = msgspec.json.decode(file(name, version, "examples").read_bytes())
    return read


def refused(name: str, version: int) -> list[Refused]:
    """Records that are not."""
    return msgspec.json.decode(file(name, version, "refused").read_bytes(), type=list[Refused])


@cache
def _compiled(name: str, version: int) -> Validator:
    return compile_schema(whole(name, version), FORMATS)


def _read(file: Path) -> Mapping[str, Any]:
    read: Mapping[str, Any] = msgspec.json.decode(file.read_bytes())
    return read
