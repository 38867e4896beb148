"""Connectors certified anew beside the real systems, and the way of an order through them (F-01, F-03, F-13).

What is not there is installed before the night begins; what cannot be fails, by its name, and the rest goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Final

from tests.counterparts.conftest import ASKED
from tests.nightly import suite
from tests.nightly.outcome import Outcome

PART: Final = "connectors beside the real systems"
PROVES: Final = "F-01, F-03, F-13"
TRYTON: Final = "tryton"
WAY: Final = "way"
SYSTEMS: Final = (*(name for name in ASKED if name != WAY), "mail")
_STATIONS: Final = (TRYTON, "rt", "oscar", "vendure")
"""Systems that an order of the example goes through."""
ALL: Final = (TRYTON, *SYSTEMS, "telemetry", "postgresql_17")
"""Those of tests too long for each run too, which say by themselves what they lack."""
SECONDS: Final = 2_700.0
_INSTALL_SECONDS: Final = 900.0
_SECONDS: Final = {WAY: 2_400.0}
_USUAL_SECONDS: Final = 600.0


async def install(names: tuple[str, ...]) -> dict[str, str]:
    """Install what is missing of them; why those that could not be are not there, by name."""
    missing = {}
    for name in names:
        try:
            await suite.python(["-m", f"tests.counterparts.{name}.install"], _INSTALL_SECONDS)
        except AssertionError as error:
            missing[name] = f"{name} could not be installed: {_last_line(error)}"
    return missing


async def one_round(
    folder: Path, random: Random, outcome: Outcome, *, missing: Mapping[str, str], systems: tuple[str, ...] = SYSTEMS
) -> None:
    """The tests of each, one after another. Raises AssertionError that names all that failed or are `missing`."""
    del random
    failed, held = [why for name, why in missing.items() if name in systems], []
    absent = [name for name in _STATIONS if name in missing]
    if absent:
        failed.append(f"{WAY}: not gone without {', '.join(absent)}")
    for name in (*systems, *([] if absent else [WAY])):
        if name in missing:
            continue
        try:
            words = ["-m", "pytest", f"tests/counterparts/{name}", f"--basetemp={folder}-{name}"]
            await suite.python(words, _SECONDS.get(name, _USUAL_SECONDS), COUNTERPART=name)
        except AssertionError as error:
            failed.append(f"{name}: {error}")
        else:
            held.append(name)
            outcome.runs += 1
    outcome.note = ", ".join(held)
    assert not failed, "; ".join(failed)


def _last_line(error: AssertionError) -> str:
    return next(reversed(str(error).splitlines()), "")
