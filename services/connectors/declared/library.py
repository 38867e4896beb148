"""The manifests that ship with the product, laid out as `manifests/<name>/<version>/manifest.yaml`."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from services.connectors.declared import reading
from services.connectors.declared.document import Document
from template_library import versions

ROOT: Final = Path(__file__).parents[1] / "manifests"


@functools.cache
def documents() -> tuple[Document, ...]:
    """The newest version of each, by name. Their tests look at them whole; here they are held to their form.

    Raises:
        DocumentError: one has no form of a manifest.
    """
    return tuple(reading.read_file(newest(folder) / reading.FILE).document for folder in sorted(ROOT.iterdir()))


def newest(folder: Path) -> Path:
    """The folder of the newest version in a connector's folder."""
    return max((file.parent for file in folder.glob(f"*/{reading.FILE}")), key=lambda one: versions.parse(one.name))
