"""Signature Version 4 of AWS for a request whose body is at hand: the headers that go along with it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import msgspec

from infra.encryption.secret import Secret

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """Whose requests they are, and of which service and region."""

    key_id: str
    secret: Secret
    region: str
    service: str

    def headers(self, method: str, url: str, body: bytes, at: datetime, given: Mapping[str, str]) -> dict[str, str]:
        """`given` with those that the signature needs, `authorization` among them; names in lower case.

        The path is signed as it is sent, encoded once, as S3 wants it.
        """
        parts = urlsplit(url)
        stamp = f"{at:%Y%m%dT%H%M%SZ}"
        digest = hashlib.sha256(body).hexdigest()
        sent = {name.lower(): " ".join(value.split()) for name, value in given.items()}
        sent |= {"x-amz-date": stamp, "x-amz-content-sha256": digest}
        signed = {**sent, "host": parts.netloc}
        names = ";".join(sorted(signed))
        lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
        asked = f"{method}\n{_path(parts.path)}\n{_query(parts.query)}\n{lines}\n{names}\n{digest}"
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        text = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
        signature = hmac.new(self._key(stamp[:8]), text.encode(), hashlib.sha256).hexdigest()
        credential = f"{_ALGORITHM} Credential={self.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
        return {**sent, "authorization": credential}

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret.reveal()}".encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key


def _path(path: str) -> str:
    return quote(unquote(path or "/"), safe="/-_.~")


def _query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    return "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in sorted(pairs))
