from __future__ import annotations

from typing import Literal

Stage = Literal["connection", "sign-in", "sender", "recipient", "content"]


class NotDelivered(Exception):
    """The server did not take a mail.

    Attributes:
        stage: what it was about. `recipient`: this address, while others may pass.
        is_final: it is no use to try again.
        code: what the server replied (RFC 5321, 4.2); 0: it replied nothing that counts, or it was not asked.
    """

    def __init__(self, stage: Stage, why: str, *, is_final: bool = False, code: int = 0) -> None:
        super().__init__(f"{stage}: {why}")
        self.stage: Stage = stage
        self.why = why
        self.is_final = is_final
        self.code = code

    @property
    def is_bounce(self) -> bool:
        """The address is refused for good: nothing more is to be sent there."""
        return self.is_final and self.stage == "recipient"


Asked = Literal["connection", "starttls", "sign-in", "folder", "refused", "large"]


class NotRead(Exception):
    """A server of mailboxes did not do what it was asked.

    Attributes:
        stage: what it was about. `starttls`: it offers no TLS; `large`: it says more than is read of anybody.
    """

    def __init__(self, stage: Asked, why: str) -> None:
        super().__init__(f"{stage}: {why}")
        self.stage: Asked = stage
        self.why = why
