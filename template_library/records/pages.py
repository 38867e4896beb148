"""The pages of the records, written from their schemas: `python -m template_library.records.pages docs/records`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from template_library import order_states
from template_library.records import registry
from template_library.values import units

_HEAD: Final = """# Records

What the systems of a distributor speak about, in no system's own words: connectors map to and from these records,
templates know no others. [ADR 0071](../adr/0071-canonical-records.md) says why they are as they are.

- **Where.** `template_library/records/` has a folder for each: JSON Schema 2020-12 in a file for each version, with
  examples that are valid and changes of them that are not. A version that was released never changes.
- **Names** are those of the [events](../integrator/machines.md) where these have one, else those of UBL 2.1 in small
  letters. The last column of a table names the term of UBL 2.1 or GS1 that a member stands for.
- **Money** is whole minor units with a currency of ISO 4217; **quantities** are decimal numbers as text with a unit of
  the [list](units.md). Neither is ever rounded without being told to.
- **Keys of GS1** (GTIN, GLN, SSCC) are held to their check digits.
- **Closed.** A member that a schema does not have is refused, so that a slip of the pen is found. What a client's
  systems know besides stands in `extension`, under names of their own.
- **Who is who.** A record names others by `id`, as the system calls them that it came from, and by `entity` once the
  cross-reference knows whom that is.

This folder is written by `python -m template_library.records.pages docs/records`; a test holds it to the schemas.

| record | is |
| --- | --- |
"""
_STATES: Final = """# States of an order

One model for an order and for each of its lines, in `template_library/order_states.json`. Events, records, screens and
connectors use these words and no others.

| state | means | may become |
| --- | --- | --- |
"""
_STATES_END: Final = """
A system that is asked from time to time, or has fewer states, is silent about some: from `released` to `shipped` an
order was allocated, picked and packed, whoever tells. What lies on the straight way is taken as passed. To hold,
change, cancel or return an order is a decision: that is told, or it did not happen.

A connector maps every status of its system, to a state or to null where it says nothing of one
(`template_library/status_maps.py`). Two things are exceptions, and nobody guesses:

| cause | when |
| --- | --- |
| `unmapped-status` | a system says a status that its map does not have |
| `forbidden-transition` | no way leads from the state that was known to the one that is told |

A system that is behind is no exception: where the order has been in the state that it tells, and the system goes
forward by what it said itself, that is old news ([ADR 0136](../adr/0136-an-order-of-two-systems.md)).

**Not yet:** two systems that say different states of one order for a long time, such as a shop that still says
`captured` of what the ERP has shipped, are no exception by themselves. The furthest that was told on the way is the
order's state, and the order's timeline shows who said what and when. Comparing systems against
each other, with a tolerance, comes with reconciliation.
"""
_UNITS: Final = """# Units

Units that records may use: of UN/ECE Recommendation 20 (revision 17), and packs of Recommendation 21 after an X. Those
with a factor are converted for every item; what a pack holds is said by the item's [record](unit-of-measure.md). A
conversion is exact or refused: a path that is missing, statements that contradict each other and a result without an
exact decimal are each an error of their own (`template_library/values/conversions.py`).

| code | unit | dimension | factor |
| --- | --- | --- | --- |
"""


def pages() -> dict[str, str]:
    """Text by name of the file."""
    newest = {name: versions[-1] for name, versions in registry.names().items()}
    found = {f"{name}.md": _record(name, version) for name, version in newest.items()}
    rows = [
        f"| [{name}]({name}.md) | {registry.schema(name, version)['description']} |" for name, version in newest.items()
    ]
    also = ["| [parts](parts.md) | What records share. |", "| [units](units.md) | Units that quantities may have. |"]
    also.append("| [states of an order](order-states.md) | What an order can be in, and what may follow. |")
    found["README.md"] = _HEAD + "\n".join([*rows, *also]) + "\n"
    found["parts.md"] = _parts()
    found["units.md"] = _UNITS + "".join(_unit(one) for one in units.units().values())
    found["order-states.md"] = _STATES + "".join(map(_state, order_states.TITLES)) + _STATES_END
    return found


def write(folder: Path) -> None:
    """Write them into `folder`, which is made where it is not there."""
    folder.mkdir(exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


def _record(name: str, version: int) -> str:
    schema = registry.schema(name, version)
    examples = registry.file(name, version, "examples").read_text(encoding="utf-8")
    refused = "".join(
        f"| {one.title} | `{one.at or '/'}` | {_cell(one.says)} |\n" for one in registry.refused(name, version)
    )
    parts = "".join(_object(part, one) for part, one in schema.get("$defs", {}).items())
    return f"""# {schema["title"]}

{schema["description"]}

`{registry.urn(name, version)}` · [all records](README.md)

{_members(schema)}
{parts}## Examples

Each is a record; its name says what it shows.

```json
{examples}```

## What is refused

| what | where | because |
| --- | --- | --- |
{refused}"""


def _parts() -> str:
    known = [(name, one) for parts in registry.parts().values() for name, one in parts["$defs"].items()]
    simple = "".join(
        f"| `{name}` | {_cell(one.get('description', '') or _form(one))} | {one.get('x-term', '')} |\n"
        for name, one in known
        if name not in _objects()
    )
    objects = "\n".join(_object(name, one).rstrip("\n") + "\n" for name, one in known if name in _objects())
    return f"""# Parts

What records share, by `$ref`. [All records](README.md)

| part | is | term |
| --- | --- | --- |
{simple}
{objects}"""


def _object(name: str, schema: Mapping[str, Any]) -> str:
    return f"## {name}\n\n{schema['description']}\n\n{_members(schema)}\n"


def _members(schema: Mapping[str, Any]) -> str:
    told = ["| member | is | | term |", "| --- | --- | --- | --- |"]
    needed = schema.get("required", ())
    for name, one in schema["properties"].items():
        words = f"{_form(one)}. {one['description']}" if "description" in one else _form(one)
        told.append(f"| `{name}` | {_cell(words)} | {'required' if name in needed else ''} | {one.get('x-term', '')} |")
    if "anyOf" in schema:
        told += ["", "One of these is there: " + ", ".join(f"`{one['required'][0]}`" for one in schema["anyOf"]) + "."]
    return "\n".join(told) + "\n"


def _form(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _link(schema["$ref"])
    if "enum" in schema:
        return " ".join(f"`{one}`" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_form(schema['items'])}"
    return str(schema["type"])


def _link(reference: str) -> str:
    """To an object's heading; what is no object has a line of the first table of the parts."""
    place, _, name = reference.partition("#/$defs/")
    if not place:
        return name if name in _simple() else f"[{name}](#{name})"
    return f"[{name}](parts.md)" if name in _simple() else f"[{name}](parts.md#{name})"


def _objects() -> set[str]:
    return {name for parts in registry.parts().values() for name, one in parts["$defs"].items() if "properties" in one}


def _simple() -> set[str]:
    return {name for parts in registry.parts().values() for name in parts["$defs"]} - _objects()


def _state(state: str) -> str:
    following = [f"`{one}`" for one in order_states.TITLES if one in order_states.NEXT[state]]
    return f"| `{state}` | {order_states.TITLES[state]} | {', '.join(following)} |\n"


def _unit(one: units.Unit) -> str:
    factor = "" if one.factor is None else f"{float(one.factor):.12g}"
    return f"| `{one.code}` | {one.name} | {one.dimension} | {factor} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
