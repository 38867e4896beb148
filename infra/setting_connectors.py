"""The settings of connectors: what an installation has beside the product's, and the files of entered playbooks."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from infra import setting_values as values
from infra.setting_values import Definition


def _folder(text: str) -> Path | None:
    return values.folder(text) if text else None


CONNECTORS: Final = (
    Definition("drops", "{home}/drops", "a folder", "Files of entered playbooks; all workers share it.", values.folder),
    Definition(
        "connectors",
        "",
        "a folder",
        "Connectors of this installation, beside those of the product, the same for API and workers "
        "(see docs/operator/connectors.md). Empty: it has none.",
        _folder,
    ),
)
