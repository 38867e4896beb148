"""A first version of a connector: a manifest and its tests, which pass as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.connectors.declared import reading
from services.connectors.trying import cases

_SCAFFOLD: Final = Path(__file__).parents[1] / "scaffold"
_NAME: Final = re.compile(r"[a-z](-?[a-z0-9]){0,62}")
VERSION: Final = "1.0.0"


class NotStarted(ValueError):
    """Nothing was written; the message says why, and what to do."""


def start(name: str, parent: Path, texts: Mapping[str, str] | None = None) -> Path:
    """Write `NAME/1.0.0/` below `parent`, with a manifest and tests, and answer that folder.

    `texts`: what is in its files, by name; None: what the scaffold has.

    Raises:
        NotStarted: the name is none of a connector, or its folder is there.
        OSError: it cannot be written.
    """
    if _NAME.fullmatch(name) is None:
        raise NotStarted(f"{name!r} is no name: lower-case letters, digits and single hyphens, a letter first")
    if (parent / name).exists():
        raise NotStarted(f"there is a folder {parent / name}; choose another name, or make a new version in it by hand")
    folder = parent / name / VERSION
    folder.mkdir(parents=True)
    for file, text in (_scaffold(name) if texts is None else texts).items():
        (folder / file).write_text(text, encoding="utf-8")
    return folder


def _scaffold(name: str) -> dict[str, str]:
    title = name.replace("-", " ").capitalize()
    found = {file: (_SCAFFOLD / file).read_text(encoding="utf-8") for file in (reading.FILE, cases.FILE)}
    return {file: text.replace("TITLE", title).replace("NAME", name) for file, text in found.items()}
