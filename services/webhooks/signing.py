"""Signatures of Standard Webhooks 1.0.0, symmetric scheme (`v1`). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable
from typing import Final

from infra.encryption.secret import Secret

PREFIX: Final = "whsec_"
BYTES: Final = 32


def new_secret() -> Secret:
    """256 random bits, as receivers are given them (S-49)."""
    return Secret(PREFIX + base64.b64encode(os.urandom(BYTES)).decode())


def signature(secrets: Iterable[Secret], message: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one signature for each secret, the newest first.

    `message` is the `webhook-id`; neither it nor the timestamp can hold a full stop, so that no part can be taken for
    another.
    """
    signed = f"{message}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_mac(one, signed)}" for one in secrets)


def _mac(secret: Secret, signed: bytes) -> str:
    key = base64.b64decode(secret.reveal().removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
