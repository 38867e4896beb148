"""What an account says that signs in by an access token (SASL XOAUTH2, as Google and Microsoft document it)."""

from __future__ import annotations

import base64

from infra.encryption.secret import Secret


def response(user: str, token: Secret) -> bytes:
    """In base64, as it goes out. What would end a part of it is left out of `user`."""
    plain = "".join(one for one in user if one.isprintable())
    return base64.b64encode(f"user={plain}\1auth=Bearer {token.reveal()}\1\1".encode())
