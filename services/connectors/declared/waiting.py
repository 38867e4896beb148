"""How long a system wants to be left alone, in `Retry-After` or a header of its own."""

from __future__ import annotations

import re
from typing import Final

from infra import clock
from infra.egress import Response
from services.connectors.declared.document import Waits
from services.connectors.sdk.answers import LONGEST_WAIT, retry_after

_NUMBER: Final = re.compile(r"[0-9]{1,13}(?:\.[0-9]{1,9})?")


def seconds(response: Response, waits: Waits | None) -> float | None:
    """At most an hour; None where it says nothing that can be read. `Retry-After` comes first."""
    told = retry_after(response)
    if told is not None or waits is None:
        return told
    text = response.headers.get(waits.header.lower(), "").strip()
    if not _NUMBER.fullmatch(text):
        return None
    found = float(text)
    if waits.unit == "milliseconds":
        found /= 1000
    elif waits.unit == "epoch":
        found -= clock.now().timestamp()
    return min(max(found, 0.0), LONGEST_WAIT)
