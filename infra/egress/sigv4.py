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
_S3: Final = "s3"
_PLAIN: Final = "-_.~"


class Signed(msgspec.Struct, frozen=True):
    """What goes along with a request: headers in the clear, and those that prove who sends it. Names in lower case."""

    headers: dict[str, str]
    credentials: dict[str, Secret]


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs, for one service in one region. `token`: of temporary credentials."""

    access_key: str
    secret_key: Secret
    token: Secret | None = None
    region: str
    service: str

    def sign(self, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Signed:
        """What goes along with `headers`, which are signed with it. `now` is in UTC."""
        parts = urlsplit(url)
        stamp, digest = f"{now:%Y%m%dT%H%M%SZ}", hashlib.sha256(body).hexdigest()
        own = {"x-amz-date": stamp}
        if self.service == _S3:
            # S3 alone asks for it; elsewhere the digest stands in what is signed.
            own["x-amz-content-sha256"] = digest
        proofs = {} if self.token is None else {"x-amz-security-token": self.token}
        signed = {name.lower(): " ".join(value.split()) for name, value in {**headers, **own}.items()}
        signed |= {name: value.reveal() for name, value in proofs.items()}
        signed["host"] = parts.netloc
        names = ";".join(sorted(signed))
        lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
        asked = f"{method}\n{self._path(parts.path)}\n{_query(parts.query)}\n{lines}\n{names}\n{digest}"
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        text = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
        signature = hmac.digest(self._key(stamp[:8]), text.encode(), hashlib.sha256).hex()
        shown = f"{_ALGORITHM} Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        return Signed(own, {**proofs, "authorization": Secret(shown)})

    def _path(self, path: str) -> str:
        """S3 signs the path as it is sent, encoded once; every other service signs what is encoded once more."""
        return quote(path or "/", safe=f"/%{_PLAIN}" if self.service == _S3 else f"/{_PLAIN}")

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret_key.reveal()}".encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), hashlib.sha256)
        return key


def _query(query: str) -> str:
    found = parse_qsl(query, keep_blank_values=True)
    pairs = sorted((quote(name, safe=_PLAIN), quote(value, safe=_PLAIN)) for name, value in found)
    return "&".join(f"{name}={value}" for name, value in pairs)
