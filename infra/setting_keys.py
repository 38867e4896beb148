"""The settings of keys: who wraps tenants' keys, and what the API seals its own things with (ADR 0054)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from infra import setting_values as values
from infra.encryption.secret import MIN_LENGTH, Secret
from infra.setting_values import Definition

_ARN: Final = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,64}")


def _file(text: str) -> Path | None:
    return values.folder(text) if text else None


def _files(text: str) -> tuple[Path, ...]:
    return tuple(values.folder(part.strip()) for part in text.split(",") if part.strip())


def _key(text: str) -> str:
    if text and _ARN.fullmatch(text) is None:
        raise ValueError(text)
    return text


def _secret(text: str) -> Secret | None:
    if text and (len(text) < MIN_LENGTH or not text.isascii() or not text.isprintable()):
        raise ValueError("a secret")
    return Secret(text) if text else None


KEYS: Final = (
    Definition(
        "kek_file",
        "{home}/secrets/kek",
        "a file of 32 bytes",
        "Key-encryption key: 32 random bytes, mode 0600. Without it no stored secret can be read: back it up.",
        values.folder,
    ),
    Definition(
        "kek_old_files",
        "",
        "files, separated by commas",
        "Key-encryption keys that are being replaced: what they wrapped is read, and they wrap nothing "
        "(`waybill secrets rewrap`).",
        _files,
    ),
    Definition(
        "kek_public_file",
        "",
        "a file of 40 bytes",
        "Public half of the key-encryption key (`waybill secrets public`), for an API that cannot read "
        "`WAYBILL_KEK_FILE`. Empty: it takes it from that file.",
        _file,
    ),
    Definition(
        "service_key_file",
        "",
        "a file of 32 bytes",
        "The API's own key, for cursors, tokens, kept answers, certificates, second factors and providers' secrets: "
        "32 random bytes, mode 0600. Back it up. Empty: the one that `waybill up` made, else `WAYBILL_KEK_FILE`.",
        _file,
    ),
    Definition(
        "service_key_old_files",
        "",
        "files, separated by commas",
        "Keys of the API's own that are being replaced: what they sealed is read (`waybill secrets rewrap`).",
        _files,
    ),
    Definition(
        "kms_key",
        "",
        "arn:aws:kms:REGION:ACCOUNT:key/ID",
        "Key of AWS KMS that wraps tenants' keys in the place of `WAYBILL_KEK_FILE`. The API needs `kms:Encrypt` on "
        "it, workers `kms:Decrypt`.",
        _key,
    ),
    Definition(
        "kms_old_key",
        "",
        "arn:aws:kms:REGION:ACCOUNT:key/ID",
        "Key of AWS KMS that is being replaced, also by a file: what it wrapped is read, and it wraps nothing.",
        _key,
    ),
    Definition(
        "kms_endpoint",
        "",
        "http://host:port or https://host",
        "Address of AWS KMS, where it is another than that of the key's region.",
        values.url("http", "https"),
    ),
    Definition("kms_access_key", "", "an access key id", "Who asks AWS KMS.", str),
    Definition("kms_secret_key", "", "a secret access key", "Its secret.", _secret),
    Definition(
        "kms_session_token", "", "a session token", "Its session, where the credentials are temporary.", _secret
    ),
)


class ServiceKey:
    """Which files the API's own key is in, by settings that say it or leave it open."""

    __slots__ = ()
    home: Path
    kek_file: Path
    kek_old_files: tuple[Path, ...]
    service_key_file: Path | None
    service_key_old_files: tuple[Path, ...]

    @property
    def service_key(self) -> Path:
        """The file of the API's own key: what is set, else what `waybill up` made in the home, else the key file."""
        if self.service_key_file is not None:
            return self.service_key_file
        return self.up_service_key if self.up_service_key.exists() else self.kek_file

    @property
    def service_old_files(self) -> tuple[Path, ...]:
        """Files of what the API's own key takes the place of."""
        return self.kek_old_files if self.service_key == self.kek_file else self.service_key_old_files

    @property
    def up_service_key(self) -> Path:
        """Where `waybill up` makes the API's own key."""
        return self.home / "secrets" / "service-key"


def missing(found: dict[str, Any]) -> bool:
    """Whether a key service is named without who asks it."""
    is_asked = found["kms_key"] or found["kms_old_key"]
    return bool(is_asked) and not (found["kms_access_key"] and found["kms_secret_key"])
