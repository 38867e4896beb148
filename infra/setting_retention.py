"""The settings of how long ended runs are kept, and where they are written before they are removed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from infra import setting_values as values
from infra.setting_values import Definition


def _folder(text: str) -> Path | None:
    return values.folder(text) if text else None


RETENTION: Final = (
    Definition(
        "backup_days",
        "35",
        "days, 0 to 3650",
        "How long backups of the database are kept. Nothing is deleted by it: certificates of deleted clients tell it.",
        values.whole(0, 3_650),
    ),
    Definition(
        "archive_folder",
        "",
        "a folder",
        "Folder of the archives, for API and workers alike (see docs/operator/archives.md). Empty: every run is kept.",
        _folder,
    ),
    Definition(
        "retention_days",
        "400",
        "days, 1 to 36500",
        "How long ended runs are kept where neither their deployment, their client nor their template says so.",
        values.whole(1, 36_500),
    ),
    Definition(
        "retention_floor_days",
        "30",
        "days, 8 to 36500",
        "No ended run is removed sooner, whatever anybody sets; longer than event ids are remembered.",
        values.whole(8, 36_500),
    ),
)
