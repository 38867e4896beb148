"""Signature Version 4 of AWS, for requests whose headers and body are known: no client of theirs goes out here."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from infra.encryption.secret import Secret

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs, for one service in one region. `token`: of temporary credentials."""

    access_key: str
    secret_key: Secret
    token: Secret | None = None
    region: str
    service: str

    def sign(self, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> dict[str, Secret]:
        """Headers that go along with `headers`, all of which are signed. `now` is in UTC."""
        parts = urlsplit(url)
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        own = {"x-amz-date": stamp}
        if self.token is not None:
            own["x-amz-security-token"] = self.token.reveal()
        signed = {name.lower(): " ".join(value.split()) for name, value in {**headers, **own}.items()}
        signed["host"] = parts.netloc
        names = ";".join(sorted(signed))
        request = "\n".join(
            [
                method,
                quote(parts.path or "/", safe="/-_.~"),
                _query(parts.query),
                *(f"{name}:{signed[name]}" for name in sorted(signed)),
                "",
                names,
                hashlib.sha256(body).hexdigest(),
            ]
        )
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        text = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
        signature = hmac.new(self._key(stamp[:8]), text.encode(), hashlib.sha256).hexdigest()
        shown = f"{_ALGORITHM} Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        return {name: Secret(value) for name, value in {**own, "authorization": shown}.items()}

    def _key(self, day: str) -> bytes:
        key = b"AWS4" + self.secret_key.reveal().encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), hashlib.sha256)
        return key


def _query(text: str) -> str:
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in parse_qsl(text, True))
    return "&".join(f"{name}={value}" for name, value in pairs)
