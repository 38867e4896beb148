"""Certificates of deleted clients: what was destroyed and what removed, signed (ADR 0042)."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Meta

from infra import ids
from infra.encryption.key_file import KEY_BYTES, read_kek_file
from services.api.fields import Instant
from tenants.organizations.models import Deletion

KEPT: Final = (
    "usage: numbers of what was used, by environment and run, without names or content",
    "audit: what was done and when, with pseudonyms for who did it and nothing of what it became",
    "the client, its environments, keys and accounts as ids with times, without names",
)


class DestroyedKey(msgspec.Struct, frozen=True, kw_only=True):
    tenant: str
    version: int
    sha256: Annotated[str, Meta(description="Of the key in the form in which it was stored.")]


class RemovedSecret(msgspec.Struct, frozen=True, kw_only=True):
    """One that the installation's keys had sealed: of a provider, a second factor, a webhook, a mail, or documents."""

    of: Annotated[str, Meta(description="Provider, account, incoming webhook, mail, or the documents' environment.")]
    sha256: Annotated[str, Meta(description="Of the secret in the form in which it was stored.")]


class Backups(msgspec.Struct, frozen=True, kw_only=True):
    """What copies of the database still hold, and until when."""

    secrets: Annotated[str, Meta(description="What became of secrets in them.")]
    until: Annotated[Instant, Meta(description="From then on no backup holds anything of the client.")]


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What the signature is of: this object as JSON without white space, members in this order."""

    client: str
    partner: str
    reason: str
    asked_by: str
    asked_at: Instant
    done_at: Instant | None
    keys: list[DestroyedKey]
    sealed: list[RemovedSecret]
    removed: Annotated[dict[str, int], Meta(description="Rows by table.")]
    kept: list[str]
    backups: Backups


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """`statement` with its signature (Ed25519, RFC 8032), once all is done."""

    state: Annotated[Literal["erasing", "done"], Meta(description="Keys and secrets are destroyed from the first.")]
    statement: Statement
    signature: Annotated[str | None, Meta(description="Base64; null until all is done.")]
    public_key: Annotated[str, Meta(description="Base64 of the installation's 32 bytes.")]


def certify(row: Deletion, key_file: Path, backup_days: int) -> Certificate:
    """`backup_days` tells until when backups last while the deletion has no end that says it.

    Raises:
        KeyFileUnusable: the file is missing, or open to others.
    """
    signer = _signer(key_file)
    statement = _statement(row, backup_days)
    signature = None if row.done_at is None else _text(signer.sign(msgspec.json.encode(statement)))
    return Certificate(
        state="erasing" if row.done_at is None else "done",
        statement=statement,
        signature=signature,
        public_key=_text(signer.public_key().public_bytes_raw()),
    )


def public_key(key_file: Path) -> str:
    """What the installation's certificates are checked with, as base64. Raises KeyFileUnusable."""
    return _text(_signer(key_file).public_key().public_bytes_raw())


def _signer(key_file: Path) -> Ed25519PrivateKey:
    """Derived (HKDF-SHA256, RFC 5869) from the installation's key file, for this use alone."""
    derived = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"certificate of deletion v1")
    return Ed25519PrivateKey.from_private_bytes(derived.derive(read_kek_file(key_file)))


def _statement(row: Deletion, backup_days: int) -> Statement:
    keys: list[dict[str, Any]] = row.keys
    until = row.backups_until or row.asked_at + timedelta(days=backup_days)
    return Statement(
        client=ids.show("cli", row.client_id),
        partner=ids.show("ptr", row.partner_id),
        reason=row.reason,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        done_at=row.done_at,
        keys=[DestroyedKey(**one) for one in keys],
        sealed=[RemovedSecret(**one) for one in row.sealed],
        removed=dict(sorted(row.removed.items())),
        kept=list(KEPT),
        backups=Backups(
            secrets="destroyed or removed here; a copy older than that holds them, sealed under the installation's key",
            until=until,
        ),
    )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
