from __future__ import annotations

from typing import ClassVar

from infra.problems import Problem


class SaidByRecipient(Problem):
    """Whoever has the address ended its notices by their own link, and takes that back by it. Nothing was changed."""

    name: ClassVar[str] = "opted-out-by-recipient"
    title: ClassVar[str] = "The recipient said so themselves"
    status: ClassVar[int] = 409
