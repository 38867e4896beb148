"""A mail as it is written and sent, and why it cannot be."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class LinkWithoutHost(Exception):
    """The host that the mail leads to is not the partner's any more, or it never had one: nothing is sent."""


class NoSender(Exception):
    """The partner has no address of its own: nobody's people are shown another's, so nothing is sent."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A mail with whose it is, as the doors tell it."""

    partner_id: UUID
    mail_id: UUID
    tenant_id: UUID | None
    kind: str
    language: str
    recipient: str
    recipient_name: str
    facts: str
    sealed: bytes | None
    tries: int
    created_at: datetime
    is_suppressed: bool
    name: str
    accent: str
    logo: str | None
    support_email: str | None
    sender: str | None
    hosts: list[str]

    @classmethod
    def of(cls, row: Any) -> Row:
        return cls(**{name: row[name] for name in cls.__struct_fields__})
