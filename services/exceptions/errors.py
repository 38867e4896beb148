from __future__ import annotations

from infra.problems import Conflict, Invalid


class ExceptionClosed(Conflict):
    """What it stood for goes on, or somebody gave it up. Read it: `outcome` and `closed_by` say what became of it."""

    name = "exception-closed"
    title = "The exception is not open any more"


class ExceptionChanged(Conflict):
    """Somebody acted on it since it was read. Read it again and decide."""

    name = "exception-changed"
    title = "The exception has changed"


class NotForThisCategory(Conflict):
    """An exception of its category cannot be acted on like that; `detail` says how it goes on."""

    name = "exception-takes-another-action"
    title = "The exception takes another action"


class UnknownOwner(Invalid):
    """Name a role, or an active account of this client."""

    name = "unknown-owner"
    title = "Nobody of this name can own an exception"
