from __future__ import annotations

from typing import Literal

Stage = Literal["connection", "sign-in", "sender", "recipient", "content"]


class NotDelivered(Exception):
    """The server did not take a mail.

    Attributes:
        stage: what it was about. `recipient`: this address, while others may pass.
        is_final: it is no use to try again.
    """

    def __init__(self, stage: Stage, why: str, *, is_final: bool = False) -> None:
        super().__init__(f"{stage}: {why}")
        self.stage: Stage = stage
        self.why = why
        self.is_final = is_final

    @property
    def is_bounce(self) -> bool:
        """The address is refused for good: nothing more is to be sent there."""
        return self.is_final and self.stage == "recipient"
