"""The settings of how the audit is sealed, and where its heads go."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

from infra import setting_values as values
from infra.setting_values import Definition


def _goal(text: str) -> Path | Literal["objects"] | None:
    if text == "objects":
        return "objects"
    return None if text == "none" else values.folder(text)


AUDIT: Final = (
    Definition(
        "audit_key_file",
        "{home}/secrets/audit-key",
        "a file of 32 bytes",
        "Key that signs the audit's seals, mode 0600; the first worker makes it. Back it up; all workers share it.",
        values.folder,
    ),
    Definition(
        "audit_heads",
        "{home}/audit-heads",
        "a folder, `objects` for the bucket of documents, or `none`",
        "Where signed heads go, out of the database's reach (docs/operator/audit.md). Equal in all processes.",
        _goal,
    ),
)


def missing(found: dict[str, Any]) -> bool:
    """Whether heads are to go into a bucket, and there is none."""
    return found["audit_heads"] == "objects" and not found["objects_s3_url"]
