from __future__ import annotations

import msgspec


class ExceptionKind(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that goes another way than straight, and what is to be done about it.

    Attributes:
        title: in words, for a list.
        owner: slug of the role that looks after it.
        runbook: what is to be done, in Markdown.
        within: business time in which it is to be done with, in milliseconds; None: as long as its category is given.
        category: of what stands still; None: any.
    """

    title: str
    owner: str
    runbook: str
    within: int | None = None
    category: str | None = None
