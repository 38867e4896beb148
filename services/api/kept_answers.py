"""Answers of creating requests that carried an `Idempotency-Key`: the same request again gets the same, for a day.

ADR 0037, after draft-ietf-httpapi-idempotency-key-header. The answer is kept in the transaction that makes what it
tells of. Two equal requests at once: the second waits at the row for the first one's commit.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from infra.database import Scope
from infra.encryption.canonical import encode
from infra.encryption.key_file import KEY_BYTES, read_kek_file
from services.api.errors import BadIdempotencyKey, IdempotencyKeyReused, NoKeptAnswer

HOURS: Final = 24
HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
_OPERATOR: Final = UUID(int=0)
_NONCE_BYTES: Final = 12
# A string of structured fields (RFC 9651), or its characters alone, as most clients send it. A comma would be a list.
_KEY: Final = re.compile(r'"([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,255})')
_CLAIM: Final = text(
    "INSERT INTO app.kept_answer AS k (owner_id, actor, target, key, digest) "
    "VALUES (:owner_id, :actor, :target, :key, :digest) ON CONFLICT (owner_id, actor, target, key) DO UPDATE SET "
    "digest = excluded.digest, status = NULL, answer = NULL, created_at = excluded.created_at "
    "WHERE k.created_at < clock_timestamp() - make_interval(hours => :hours) RETURNING true"
)
_READ: Final = text(
    "SELECT digest, status, answer FROM app.kept_answer "
    "WHERE owner_id = :owner_id AND actor = :actor AND target = :target AND key = :key"
)
_ANSWERED: Final = text(
    "SELECT true FROM app.kept_answer "
    "WHERE owner_id = :owner_id AND actor = :actor AND target = :target AND key = :key "
    "AND answer IS NOT NULL AND created_at >= clock_timestamp() - make_interval(hours => :hours)"
)
_KEEP: Final = text(
    "UPDATE app.kept_answer SET status = :status, answer = :answer "
    "WHERE owner_id = :owner_id AND actor = :actor AND target = :target AND key = :key"
)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """That a request is to count once.

    Attributes:
        owner_id: the tenant or partner whose rows it makes; nil: the operator.
        actor: who asks; `target`: method and path; keys of others, or for other paths, are other keys.
        digest: sha256 of query and body.
    """

    owner_id: UUID
    actor: str
    target: str
    key: str
    digest: bytes

    @property
    def place(self) -> dict[str, Any]:
        return {"owner_id": self.owner_id, "actor": self.actor, "target": self.target, "key": self.key}


class Replayed(Exception):
    """The request was answered before; this is the answer, and nothing more is to be done."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def key_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The request's key; None when it carries none.

    Raises:
        BadIdempotencyKey: several, an empty or long one, a list, or characters that it may not have (S-92).
    """
    given = [value.decode("latin-1").strip() for name, value in headers if name == b"idempotency-key"]
    if not given:
        return None
    found = _KEY.fullmatch(given[0]) if len(given) == 1 else None
    if found is None:
        raise BadIdempotencyKey(
            f"Send one header {HEADER} with 1 to 255 visible ASCII characters but comma, quotation mark and backslash; "
            "a UUID is a good one"
        )
    return found[1] or found[2]


def owner_of(rows: Scope) -> UUID:
    return rows.tenant_id or rows.partner_id or _OPERATOR


class Fingerprint:
    """Of a request's query and body; a body that is too large to be held is taken in as it comes."""

    def __init__(self, query: bytes) -> None:
        self._hash = hashlib.sha256(hashlib.sha256(query).digest())

    def add(self, part: bytes) -> None:
        self._hash.update(part)

    async def over(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """`body`, seen on its way."""
        async for part in body:
            self.add(part)
            yield part

    @property
    def digest(self) -> bytes:
        """Of what came so far."""
        return self._hash.digest()


def digest_of(query: bytes, body: bytes) -> bytes:
    whole = Fingerprint(query)
    whole.add(body)
    return whole.digest


class KeptAnswers:
    """Keeps and finds them; one for the process. Sealed with a key of the installation for this use alone."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    @classmethod
    def of_file(cls, path: Path) -> KeptAnswers:
        """The key is derived (HKDF-SHA256, RFC 5869) from the installation's key file.

        Raises:
            KeyFileUnusable: missing, or open to others.
        """
        return cls(HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"kept answer v1").derive(read_kek_file(path)))

    async def is_answered(self, session: AsyncSession, wish: Wish) -> bool:
        """Whether any request has an answer under the wish's key, so that this one will make nothing."""
        found = await session.scalar(_ANSWERED, {**wish.place, "hours": HOURS})
        return found is not None

    async def claim(self, session: AsyncSession, wish: Wish) -> None:
        """Take the key, inside the transaction that will make something.

        Raises:
            Replayed: an equal request was answered within the day.
            IdempotencyKeyReused: another request was made under this key.
            NoKeptAnswer: it was answered, and the answer cannot be read any more.
        """
        claimed = await session.scalar(_CLAIM, {**wish.place, "digest": wish.digest, "hours": HOURS})
        if claimed:
            return
        row = (await session.execute(_READ, wish.place)).one_or_none()
        if row is None or row.answer is None:
            raise NoKeptAnswer
        if row.digest != wish.digest:
            raise IdempotencyKeyReused
        raise Replayed(row.status, self._unsealed(row.answer, wish))

    async def keep(self, session: AsyncSession, wish: Wish, status: int, body: bytes) -> None:
        """Write down what the request is answered, before its transaction is committed."""
        nonce = os.urandom(_NONCE_BYTES)
        answer = nonce + self._aead.encrypt(nonce, body, _place(wish))
        await session.execute(_KEEP, {**wish.place, "status": status, "answer": answer})

    def _unsealed(self, answer: bytes, wish: Wish) -> bytes:
        try:
            return self._aead.decrypt(answer[:_NONCE_BYTES], answer[_NONCE_BYTES:], _place(wish))
        except InvalidTag:
            raise NoKeptAnswer from None


def _place(wish: Wish) -> bytes:
    """What an answer is bound to: moved to another row, it does not open."""
    return encode("v1", str(wish.owner_id), wish.actor, wish.target, wish.key, wish.digest.hex())
