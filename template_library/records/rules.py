"""What a record must keep and no schema can say. Of records that are valid by their schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from template_library.schemas import Breach, pointer
from template_library.values import decimals
from template_library.values.conversions import Contradiction, Conversion, Conversions

Record = Mapping[str, Any]


def broken(name: str, record: Record) -> list[Breach]:
    """The rules that a record of this name breaks, each with its place."""
    return [breach for rule in (*_OF_ALL, *_OF.get(name, ())) for breach in rule(record)]


def _lines(record: Record) -> Iterator[Breach]:
    """A line is known by its number; of two of one number nobody could say which was shipped."""
    return _once(record, "lines", "line")


def _validity(record: Record) -> Iterator[Breach]:
    since, until = record.get("valid_from"), record.get("valid_until")
    # Days of ISO 8601 are in order as texts.
    if since is not None and until is not None and until < since:
        yield Breach("/valid_until", f"is before `valid_from`, {since}")


def _packages(record: Record) -> Iterator[Breach]:
    yield from _once(record, "packages", "id")
    packages = record.get("packages", [])
    known = {one["id"] for one in packages}
    for place, one in enumerate(packages):
        if "within" in one and one["within"] not in known - {one["id"]}:
            yield Breach(pointer(["packages", place, "within"]), "names no package of this shipment but its own")


def _packs(record: Record) -> Iterator[Breach]:
    """Statements are taken one by one, so that the first that cannot be true is named."""
    taken: list[Conversion] = []
    for place, one in enumerate(record["packs"]):
        said = Conversion(one["unit"], decimals.read(one["holds"]["value"]), one["holds"]["unit"])
        try:
            Conversions([*taken, said])
        except (Contradiction, ValueError) as error:
            yield Breach(pointer(["packs", place]), str(error))
        else:
            taken.append(said)


def _once(record: Record, members: str, key: str) -> Iterator[Breach]:
    seen: set[str] = set()
    for place, one in enumerate(record.get(members, [])):
        if one[key] in seen:
            yield Breach(pointer([members, place, key]), f"{one[key]!r} stands there twice")
        seen.add(one[key])


_OF_ALL: Final[tuple[Callable[[Record], Iterable[Breach]], ...]] = (_lines, _validity)
_OF: Final[dict[str, tuple[Callable[[Record], Iterable[Breach]], ...]]] = {
    "shipment": (_packages,),
    "unit-of-measure": (_packs,),
}
