"""Whom the present work is for: what log lines and spans name without being told."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final
from uuid import UUID

import msgspec


class Subject(msgspec.Struct, frozen=True):
    """Ids and never names: a tenant's name is its client's."""

    tenant: UUID | None = None
    run: UUID | None = None


NOBODY: Final = Subject()
_SUBJECT: Final[ContextVar[Subject]] = ContextVar("subject", default=NOBODY)


def working_for(tenant: UUID | None, run: UUID | None = None) -> None:
    """From here on, in this task and those that it starts."""
    _SUBJECT.set(Subject(tenant, run))


def subject() -> Subject:
    return _SUBJECT.get()
