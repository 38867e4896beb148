"""The settings of documents: where their files are, how large and how old they get, and who looks into them."""

from __future__ import annotations

import shlex
from typing import Any, Final
from urllib.parse import urlsplit

from infra import setting_values as values
from infra.encryption.secret import Secret
from infra.setting_values import Definition

CLASSES: Final = ("standard", "proof", "financial")
"""Classes of documents by how long they are kept."""
_DAYS: Final = (400, 1_095, 3_650)
_LONGEST: Final = 36_500


def _bucket(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc):
        raise ValueError(text)
    if text and (not parts.path.strip("/") or parts.query or parts.fragment):
        raise ValueError(text)
    return text.rstrip("/")


def _secret(text: str) -> Secret | None:
    return Secret(text) if text else None


def _command(text: str) -> str:
    shlex.split(text)
    return text


def _days(text: str) -> dict[str, int]:
    days = dict(zip(CLASSES, _DAYS, strict=True))
    for name, given in values.pairs(text).items():
        if name not in CLASSES or not 1 <= int(given) <= _LONGEST:
            raise ValueError(text)
        days[name] = int(given)
    return days


OBJECTS: Final = (
    Definition(
        "objects_folder",
        "{home}/objects",
        "a folder",
        "Folder of documents' files, for API and workers alike, where no S3 is set.",
        values.folder,
    ),
    Definition(
        "objects_s3_url",
        "",
        "https://s3.REGION.amazonaws.com/BUCKET, perhaps with a prefix",
        "Bucket of documents' files, in S3 or what speaks its protocol (see docs/operator/documents.md).",
        _bucket,
    ),
    Definition("objects_s3_region", "us-east-1", "a region", "Region that requests to the bucket are signed for.", str),
    Definition("objects_s3_key_id", "", "an access key id", "Whose requests to the bucket they are.", str),
    Definition("objects_s3_key", "", "a secret access key", "What they are signed with.", _secret),
    Definition(
        "document_max",
        "26214400",
        "bytes, 1024 to 1073741824",
        "Largest document that is taken.",
        values.whole(1024, 1 << 30),
    ),
    Definition(
        "document_days",
        ",".join(f"{name}={days}" for name, days in zip(CLASSES, _DAYS, strict=True)),
        f"class=days for any of {','.join(CLASSES)}",
        "How long documents are kept, by class. It holds for those that come from then on.",
        _days,
    ),
    Definition(
        "document_scan",
        "",
        "a command such as clamdscan --no-summary -",
        "Program that looks into each document: it reads it from standard input; exit code 0 is clean, 1 is not.",
        _command,
    ),
    Definition(
        "document_scan_required",
        "true",
        "true or false",
        "Whether a document that the program could not look into is held back until it could.",
        values.switch,
    ),
    Definition(
        "document_scan_seconds", "60", "seconds, 1 to 600", "How long one look may take.", values.seconds(1, 600)
    ),
)


def missing(found: dict[str, Any]) -> bool:
    """Whether there is a bucket and nobody to ask it as."""
    return bool(found["objects_s3_url"]) and not (found["objects_s3_key_id"] and found["objects_s3_key"] is not None)
