"""What a manifest says of statements, in the form that its JSON Schema holds them to."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Chosen(msgspec.Struct, frozen=True):
    """A statement of the connection's own, in its setting of this name.

    Attributes:
        name: a program that says which; empty: all of them.
        part: a member of it, which is a statement, too.
    """

    setting: str
    name: str = ""
    part: Literal["", "read_back"] = ""


class SqlPart(msgspec.Struct, frozen=True):
    """`statement`: the name of one of the manifest's, or one that the connection has. No program ever makes one."""

    do: Literal["read", "write", "check"]
    statement: str | Chosen
    values: Any = {}
