"""Says that a tenant's public key is one that we made: what is sealed to another's would be the other's to open.

The database holds the public key; whoever could write that row alone could put one of their own there.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from uuid import UUID

from infra.encryption.canonical import encode
from infra.encryption.key_file import read_kek_file
from infra.encryption.key_pair import derived


class Voucher:
    """HMAC-SHA256 with a key of this use alone; one for the process."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of_file(cls, path: Path) -> Voucher:
        """Derived from the API's key file. Raises KeyFileUnusable."""
        return cls(derived(read_kek_file(path), b"tenant key voucher v1"))

    def __repr__(self) -> str:
        return "Voucher()"

    def of(self, installation: str, tenant: UUID, version: int, public: bytes) -> bytes:
        """32 bytes."""
        said = encode("v1", "tenant-public", installation, str(tenant), version, public.hex())
        return hmac.digest(self._key, said, hashlib.sha256)

    def vouches(self, installation: str, tenant: UUID, version: int, public: bytes, given: bytes) -> bool:
        return hmac.compare_digest(self.of(installation, tenant, version, public), given)
