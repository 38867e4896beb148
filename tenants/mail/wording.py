"""What the words of a mail consist of."""

from __future__ import annotations

import msgspec


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """One mail's words. `{{brand}}` is the partner's name; the other places are the kind's own.

    Attributes:
        button: what the link is called; empty: the mail has none.
        after: below the link.
    """

    subject: str
    lines: tuple[str, ...]
    button: str = ""
    after: tuple[str, ...] = ()


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What stands around every mail of a language."""

    greeting: str
    greeting_nobody: str
    help: str
    automatic: str
