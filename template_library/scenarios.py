"""A package's scenarios (`tests/*.yaml`): an input or an event's data, what is connected, what must come of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from template_library.dsl import reader


class MalformedScenario(ValueError):
    """A scenario's file has a wrong form. Its author corrects it; the message names file and member."""


class Double(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands behind a connection: a simulator by its connector's name, with the failures that it shall have."""

    connector: str
    faults: dict[str, Any] = {}


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What must come of it. Objects may have members that are not named here; lists must have as many items.

    Attributes:
        status: completed or faulted.
        writes: by connection, what its simulator must count at the end, such as `{orders: 1}`.
    """

    status: str
    output: Any = msgspec.UNSET
    error: Any = msgspec.UNSET
    writes: dict[str, dict[str, Any]] = {}


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`parameters` are completed with the schema's defaults, as a deployment's are.

    Attributes:
        input: of the run, as it is.
        data: instead of it: that of one event which starts the run.
    """

    name: str
    expect: Expectation
    input: Any = msgspec.UNSET
    data: Any = msgspec.UNSET
    parameters: dict[str, Any] = {}
    connections: dict[str, Double] = {}


def read(folder: Path) -> list[Scenario]:
    """The scenarios of the package in `folder`, by file name.

    Raises:
        MalformedScenario: a file has a wrong form.
        DocumentError: a file is no YAML.
    """
    return [_one(file) for file in sorted((folder / "tests").glob("*.yaml"))]


def _one(file: Path) -> Scenario:
    content = reader.read(file.read_text(encoding="utf-8"), filename=str(file)).value
    try:
        found = msgspec.convert(content, Scenario)
    except msgspec.ValidationError as error:
        raise MalformedScenario(f"{file}: {error}") from None
    if (found.input is msgspec.UNSET) == (found.data is msgspec.UNSET):
        raise MalformedScenario(f"{file}: give one of `input` (of the run) and `data` (of the event that starts it)")
    return found


def differences(expected: Any, found: Any, place: str = "") -> list[str]:
    """Where `found` is not as `expected`, a line each."""
    if isinstance(expected, dict) and isinstance(found, dict):
        missing = [f"{place}/{name} is missing" for name in expected if name not in found]
        present = [name for name in expected if name in found]
        return missing + [
            line for name in present for line in differences(expected[name], found[name], f"{place}/{name}")
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [line for index, pair in pairs for line in differences(*pair, f"{place}/{index}")]
    if type(expected) is not type(found) or expected != found:
        return [f"{place or '/'} is {_short(found)}, not {_short(expected)}"]
    return []


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 200 else text[:200] + "…"  # noqa: PLR2004 - a line or two on a screen
