"""Public ids: a typed prefix and a UUIDv7 (RFC 9562), written as TypeID 0.3 does (`run_01h455vb4pex5vsknk084sn02q`).

Ids are made here and not by the server: `uuidv7()` exists from PostgreSQL 18 on, and 17.6 is supported.
"""

from __future__ import annotations

import os
import re
import threading
import time
from datetime import datetime
from functools import lru_cache
from typing import Final, NewType
from uuid import UUID

TenantId = NewType("TenantId", UUID)
PartnerId = NewType("PartnerId", UUID)

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS: Final = range(120, -1, -10)
_VALUES: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_FORM: Final = re.compile(r"([a-z]{2,16})_([0-7][0-9a-hjkmnp-tv-z]{25})")


class MalformedId(ValueError):
    """The text is no id of the wanted kind. Answer as for an unknown id, so that nothing can be probed."""


_last = 0
_making: Final = threading.Lock()


def new() -> UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, 12 of their fraction, then random bits (RFC 9562, 6.2, method 3).

    Every id of this process sorts after the ones before it, also within a millisecond and when the clock is set back:
    lists that are sorted by id then show what was done in the order in which it was done.
    """
    global _last  # noqa: PLW0603 (the order is the process's)
    now = time.time_ns()
    fraction = now % 1_000_000 * 4096 // 1_000_000
    with _making:
        _last = max(now // 1_000_000 << 12 | fraction, _last + 1)
        ticks = _last
    random = int.from_bytes(os.urandom(8), "big") & (2**62 - 1)
    value = (ticks >> 12 & (2**48 - 1)) << 80 | 0x7 << 76 | (ticks & 0xFFF) << 64 | 0b10 << 62 | random
    return UUID(int=value)


def least_of(moment: datetime) -> UUID:
    """What no id that is made at `moment` or later sorts before, by one and the same clock."""
    return UUID(int=(int(moment.timestamp() * 1000) & (2**48 - 1)) << 80)


@lru_cache(maxsize=10_000)
def show(prefix: str, value: UUID) -> str:
    """`prefix` and the 26 letters (Crockford base 32) of `value`. Kept, since what moves tells its id several times."""
    number = value.int
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])}"


def read(prefix: str, text: str) -> UUID:
    """The UUID in `text`.

    Raises:
        MalformedId: not this prefix, not 26 letters of the alphabet, or upper case.
    """
    match = _FORM.fullmatch(text)
    if match is None or match[1] != prefix:
        raise MalformedId(text[:64])
    number = 0
    for letter in match[2]:
        number = number << 5 | _VALUES[letter]
    return UUID(int=number)
