"""A connector as a value: what it needs, and what it can do. Safe to hand to any screen or check."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Mode = Literal["read", "keyed", "check-then-write", "by-call"]
"""How an operation stands being repeated with the same key.

`read` changes nothing. `keyed`: the other side recognises the key. `check-then-write`: the connector itself looks for
the earlier attempt's work before it does any. `by-call`: the input and the connection's settings decide, and the
connector tells (`sdk.connector.Cautious`).
"""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a connector can do.

    Attributes:
        input, output: JSON Schemas (2020-12); checked before and after each call.
    """

    name: str
    title: str
    mode: Mode
    input: dict[str, Any]
    output: dict[str, Any]


class SecretField(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    title: str
    required: bool = True


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Name, version (semver) and form of a connector. `settings` is a JSON Schema and never holds a secret."""

    name: str
    version: str
    title: str
    settings: dict[str, Any]
    secrets: tuple[SecretField, ...] = ()
    operations: tuple[Operation, ...] = ()
