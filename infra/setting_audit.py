"""The settings of how the audit is sealed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from infra import setting_values as values
from infra.setting_values import Definition


def _folder(text: str) -> Path | None:
    return values.folder(text) if text else None


AUDIT: Final = (
    Definition(
        "audit_key_file",
        "{home}/secrets/audit-key",
        "a file of 32 bytes",
        "Key that signs the audit's seals, mode 0600; the first worker makes it. Back it up; all workers share it.",
        values.folder,
    ),
    Definition(
        "audit_heads_folder",
        "",
        "a folder",
        "Folder that signed heads are appended to, out of the database's reach (docs/operator/audit.md). Empty: none.",
        _folder,
    ),
)
