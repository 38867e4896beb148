"""A device with passkeys, in software: makes a key for a host and signs what it is asked (WebAuthn, level 2)."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """With one key. `verifies`: whether it asks for the person's finger."""

    def __init__(self, *, verifies: bool = True) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = os.urandom(32)
        self.count = 0
        self._flags = _PRESENT | (_VERIFIED if verifies else 0)

    def register(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        data = self._data(options["rp"]["id"], self._flags | _ATTESTED)
        data += bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + self._public()
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = _client("webauthn.create", options["challenge"], origin)
        return self._credential({"clientDataJSON": _text(client), "attestationObject": _text(attested)})

    def sign(self, options: dict[str, Any], origin: str, *, challenge: str | None = None) -> dict[str, Any]:
        self.count += 1
        data = self._data(options["rpId"], self._flags)
        client = _client("webauthn.get", challenge or options["challenge"], origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(
            {"clientDataJSON": _text(client), "authenticatorData": _text(data), "signature": _text(signature)}
        )

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        known = _text(self.credential_id)
        return {"id": known, "rawId": known, "type": "public-key", "response": response, "clientExtensionResults": {}}

    def _data(self, host: str, flags: int) -> bytes:
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _public(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        point = {-2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        return cbor2.dumps({1: 2, 3: -7, -1: 1, **point})


def _client(kind: str, challenge: str, origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
