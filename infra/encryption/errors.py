from __future__ import annotations

from typing import ClassVar

from infra.problems import Problem


class SecretUnreadable(Problem):
    """A sealed value or wrapped key does not open: moved, altered, or sealed under another key. Raise an alarm (S-71).

    Nothing can be repeated; the secret is entered anew, or the right key file is put back.
    """

    name: ClassVar[str] = "secret-unreadable"
    title: ClassVar[str] = "A stored secret cannot be read"
    status: ClassVar[int] = 500


class KeyFileUnusable(Problem):
    """The key file is missing, readable by others, or has not 32 bytes. An operator puts it right before a start."""

    name: ClassVar[str] = "key-file-unusable"
    title: ClassVar[str] = "The key file cannot be used"
    status: ClassVar[int] = 500


class KeyServiceUnavailable(Problem):
    """The key service is away, refuses us for now, or has its key switched off (F-27). The same may be tried later.

    Nothing was stored. Runs wait for it and lose no attempt.
    """

    name: ClassVar[str] = "kms-unavailable"
    title: ClassVar[str] = "Secrets cannot be opened or stored at the moment"
    status: ClassVar[int] = 503


class SealingOnlyError(TypeError):
    """A process that may seal was asked to open. A defect of its composition; never caught."""
