"""Systems that take apt, npm or minutes to install are left alone but by `make counterparts TEST=NAME`."""

from __future__ import annotations

import os
from typing import Final

ASKED: Final = ("rt", "oscar", "vendure")
collect_ignore = [name for name in ASKED if name != os.environ.get("COUNTERPART")]
