"""A database on a connection that the guard has let through: who comes, what is asked, and how it says no."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import msgspec

from infra.encryption.secret import Secret

Why = Literal[
    "tls", "credentials", "database", "right", "missing", "statement", "parameter", "value", "conflict", "busy", "slow",
    "writes", "refused",
]  # fmt: skip


class SqlRefused(Exception):
    """The database, or a check of ours, said no; what was begun is rolled back.

    Attributes:
        why: `busy`: it may be asked again. `slow`: a time limit ended it. `writes`: a statement that only reads wrote.
        detail: its words, for a person.
        code: SQLSTATE, where it gave one.
    """

    def __init__(self, why: Why, detail: str, code: str = "") -> None:
        super().__init__(detail)
        self.why: Why = why
        self.detail = detail
        self.code = code


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """Who comes, and to which database.

    Attributes:
        tls: asked for before anything else is said, and verified. Without it the password may go in the clear.
        authority: certificates to trust in place of the system's, PEM; empty: the system's.
    """

    user: str
    password: Secret
    database: str
    tls: bool = True
    authority: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What a statement gave. `columns`: name and type of each; `count`: rows that it gave or changed."""

    columns: list[tuple[str, str]]
    rows: list[tuple[Any, ...]]
    count: int


class Sql(Protocol):
    """A session in one transaction, which is rolled back unless it is committed.

    Every method raises SqlRefused and Failed.
    """

    async def prepare(self, text: str) -> list[str]:
        """Have the one statement `text` looked at; the types of its parameters."""
        ...

    async def run(self, text: str, given: Sequence[Any]) -> Answer:
        """Run the one statement `text` with its parameters bound."""
        ...

    async def commit(self) -> None:
        """Failed with `sent`: nobody knows whether it was."""
        ...
