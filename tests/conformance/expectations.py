"""What is expected of the documents of a folder: a table beside them, or one of our own for a folder of others.

A file `expected.yaml` is an object by the documents' names. A value is a verdict, perhaps with a colon and words that
the reason must have: `ran (faulted): validation 400`, `refused: isolating runner`. What is not in it must complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from template_library.dsl.reader import read as read_yaml

EXPECTED: Final = "expected.yaml"
COMPLETED: Final = "ran (completed)"


def read(path: Path) -> dict[str, str]:
    """The table. Raises DocumentError or msgspec.ValidationError where it is none."""
    return msgspec.convert(read_yaml(path.read_text(), filename=path.name).value or {}, dict[str, str])


def differences(expected: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """What is otherwise, a line each. `found` has lines of verdict and words by name."""
    words = [f"{name}: {line}; expected {wanted}" for name, line, wanted in _pairs(expected, found)]
    return words + [f"{name}: there is no such document" for name in expected if name not in found]


def _pairs(expected: Mapping[str, str], found: Mapping[str, str]) -> list[tuple[str, str, str]]:
    pairs = [(name, line, expected.get(name, COMPLETED)) for name, line in found.items()]
    return [(name, line, wanted) for name, line, wanted in pairs if not _is(line, wanted)]


def _is(line: str, wanted: str) -> bool:
    verdict, _, words = wanted.partition(": ")
    return line.partition(": ")[0] == verdict and words in line
