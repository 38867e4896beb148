"""Access tokens of machines: signed, short-lived, and never worth more than the key that they were got with (ADR 0048).

A token is a JWT of the profile of RFC 9068, signed with HS256. Whoever serves is whoever issued it, so that no key is
ever handed out to check one; everybody else takes it for a word without meaning. This module alone encodes and decodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from infra import clock, ids
from infra.encryption.key_file import KEY_BYTES, read_kek_file
from tenants.identity.permissions import Permission

SECONDS: Final = 600
"""How long one is good."""
_ALGORITHMS: Final = ["HS256"]
_TYPE: Final = "at+jwt"
_MOST: Final = 2048
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{10,400}\.[A-Za-z0-9_-]{10,1600}\.[A-Za-z0-9_-]{43}")
_BY_TEXT: Final = {one.value: one for one in Permission}


class Granted(msgspec.Struct, frozen=True):
    """What a token says: for which key it stands, what of its permissions it gives, and until when."""

    key_id: UUID
    permissions: frozenset[Permission]
    expires_at: datetime


class AccessTokens:
    """Issues and reads them; one for the process.

    Args:
        key: 32 bytes, of this use alone.
        issuer: address of this API, which is who issues them and for whom they are (`iss`, `aud`) unless a host says
            otherwise.
    """

    def __init__(self, key: bytes, issuer: str, now: Callable[[], datetime] = clock.now) -> None:
        self._key = OctKey.import_key(key)
        self._now = now
        self.issuer = issuer
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(now().timestamp()),
            leeway=0,
            iss={"essential": True},
            aud={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            client_id={"essential": True},
            jti={"essential": True},
        )

    @classmethod
    def of_file(cls, path: Path, issuer: str) -> AccessTokens:
        """The key is derived (HKDF-SHA256, RFC 5869) from the installation's key file.

        Raises:
            KeyFileUnusable: missing, or open to others.
        """
        derived = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"access token v1").derive(read_kek_file(path))
        return cls(derived, issuer)

    def issue(
        self, key_id: UUID, permissions: Iterable[Permission], ends: datetime | None, issuer: str
    ) -> tuple[str, int, str]:
        """A token, the seconds that it is good for, and its id. It ends no later than its key, at `ends`."""
        now = int(self._now().timestamp())
        until = now + SECONDS if ends is None else min(now + SECONDS, int(ends.timestamp()))
        holder, name = ids.show("key", key_id), ids.show("tok", ids.new())
        claims = {
            "iss": issuer,
            "aud": issuer,
            "sub": holder,
            "client_id": holder,
            "iat": now,
            "exp": until,
            "jti": name,
            "scope": " ".join(sorted(permissions)),
        }
        text = jwt.encode({"alg": _ALGORITHMS[0], "typ": _TYPE}, claims, self._key, algorithms=_ALGORITHMS)
        return text, until - now, name

    def read(self, text: str, issuer: str) -> Granted | None:
        """What a token gives; None: it is none of `issuer`'s, was changed, or has ended.

        Whether its key is still live is not in it: ask the keyring.
        """
        if len(text) > _MOST or not _FORM.fullmatch(text):
            return None
        try:
            token = jwt.decode(text, self._key, algorithms=_ALGORITHMS)
            if set(token.header) != {"alg", "typ"} or token.header["typ"] != _TYPE:
                return None
            self._claims.validate(token.claims)
            if not token.claims["iss"] == token.claims["aud"] == issuer:
                return None
            return _granted(token.claims)
        except (JoseError, ValueError, TypeError, KeyError, OverflowError):
            return None


def _granted(claims: dict[str, Any]) -> Granted | None:
    if claims["sub"] != claims["client_id"]:
        return None
    # A permission that this version does not know gives nothing; a newer one wrote it (F-33).
    words = str(claims["scope"]).split()
    permissions = frozenset(_BY_TEXT[one] for one in words if one in _BY_TEXT)
    return Granted(ids.read("key", claims["sub"]), permissions, datetime.fromtimestamp(claims["exp"], UTC))
