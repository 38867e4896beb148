"""When a message is tried again (A18, S-48). Pure, but for the dice."""

from __future__ import annotations

import math
import random
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 3600
DELAYS: Final = (5, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR)
"""Seconds between a try and the next one: with the first, which is at once, ten tries over 75 h 35 min."""
TRIES: Final = len(DELAYS) + 1
JITTER: Final = 0.2
LEAST: Final = 1.0
MOST: Final = 24.0 * _HOUR
_dice: Final = random.SystemRandom()


def delay(tries: int, retry_after: float | None) -> float | None:
    """Seconds until the next try when `tries` have failed; None: there is none.

    What the receiver asks for can make it later and never earlier, so that no answer uses the tries up at once.
    """
    if tries >= TRIES:
        return None
    planned = DELAYS[tries - 1] * _dice.uniform(1 - JITTER, 1 + JITTER)
    return planned if retry_after is None else max(planned, retry_after)


def retry_after(text: str | None, now: datetime) -> float | None:
    """The seconds that a `Retry-After` asks for, between one and 24 hours; None where it says nothing that is read."""
    if text is None:
        return None
    plain = text.strip()
    if re.fullmatch(r"[+-]?[0-9]{1,30}(\.[0-9]{1,10})?", plain):
        wanted = float(plain)
    else:
        try:
            moment = parsedate_to_datetime(plain)
        except (ValueError, IndexError):
            return None
        wanted = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return None if math.isnan(wanted) else min(MOST, max(LEAST, wanted))
