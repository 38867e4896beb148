"""The operator's mail server: which it is, and by what way it may be reached (S-55)."""

from __future__ import annotations

import ssl
from typing import Final, Literal, Self

import msgspec

from infra.egress import Client, OnePlace
from infra.encryption.secret import Secret
from infra.settings import Settings

UNSENT: Final = "notices@mail.invalid"
"""The sender of what is shown and never sent (RFC 2606)."""
Security = Literal["starttls", "tls", "none"]


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail is handed over.

    Attributes:
        security: `starttls` begins in the clear and says nothing before TLS; `tls` begins in it; `none` only on the
            machine itself or a private network, and without a password.
        greets_as: the name that we introduce ourselves by.
        token: by which the account signs in, in place of a password (XOAUTH2).
    """

    host: str
    port: int
    security: Security
    greets_as: str
    user: str = ""
    password: Secret | None = None
    token: Secret | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """None: mail is kept and shown to the operator, and goes nowhere."""
        if not settings.mail_host:
            return None
        return cls(
            host=settings.mail_host,
            port=settings.mail_port,
            security=settings.mail_security,
            greets_as=settings.mail_greeting,
            user=settings.mail_user,
            password=settings.mail_password,
        )


def client_of(server: Server, settings: Settings) -> Client:
    """The way to that server and to no other.

    Raises:
        OSError, ssl.SSLError: the file of `WAYBILL_MAIL_CA` cannot be read.
        Refused: the setting names no host.
    """
    trust = None
    if settings.mail_ca is not None:
        trust = ssl.create_default_context(cafile=str(settings.mail_ca))
    return Client(OnePlace(server.host, server.port, plain=server.security == "none"), trust=trust)
