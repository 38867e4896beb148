"""What was taken from a document, held against the types that it is meant to have."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


def checked(made: T) -> T:
    """`made`, whose fields came from outside and have the types that its class says.

    Raises:
        ValueError: one has not.
    """
    plain = msgspec.to_builtins(made, builtin_types=(Decimal,))
    return msgspec.convert(plain, type(made), builtin_types=(Decimal,))
