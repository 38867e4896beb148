"""What a real system was asked and answered, as the declared tests of the connector: `tests.yaml` beside its manifest.

`make counterparts TEST=NAME RECORD=1` writes them anew, and `tests.certifying` counts them among what was tested. Keys,
times and ids are those of that run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import yaml

from services.connectors.declared import library
from services.connectors.trying import cases
from services.engine.functions import Answer, Done, Failed, Later
from tests import certifying
from tests.counterparts.calling import Caller

KEY: Final = "test-key"
RECORDS: Final = bool(os.environ.get("RECORD"))
WAITING: Final[list[Callable[[], None]]] = []
"""What is written at the end of a run that records and that passed."""
_LINKS: Final = frozenset({"_hyperlinks", "_url"})
"""Members that nothing reads and that fill pages."""
_CLASSES: Final = {"authentication": "reconnect"}


class Recording:
    """The cases of one run against one real system."""

    def __init__(self, caller: Caller, settings: Mapping[str, Any]) -> None:
        self._caller = caller
        self._settings = settings
        self._tests: list[dict[str, Any]] = []

    async def call(
        self, name: str, operation: str, values: Any, *, leave: tuple[str, ...] = (), key: str = KEY, **settings: Any
    ) -> Any:
        """Call it and keep the exchanges; `leave`: members of the output that differ with the address."""
        noted = self._caller.noting.noted
        noted.clear()
        self._caller.change(**settings)
        answer = await self._caller.call(operation, values, key)
        test: dict[str, Any] = {"name": name, "operation": operation, "input": values}
        if key != KEY:
            test["key"] = key
        if settings:
            test["settings"] = settings
        test["exchanges"] = [_short(one) for one in noted]
        test["expect"] = _expected(answer, leave)
        self._tests.append(test)
        return answer.output if isinstance(answer, Done) else answer

    def write(self, system: str) -> None:
        """Once all tests of the run have passed, write these beside the manifest; `system`: what they ran against."""
        certifying.saw(self._caller.connector.manifest.name, system)
        WAITING.append(lambda: self._write(system))

    def _write(self, system: str) -> None:
        name = self._caller.connector.manifest.name
        file = library.newest(library.ROOT / name) / cases.FILE
        # Anew, so that nothing is there twice: the reader knows no anchors.
        whole = msgspec.json.decode(msgspec.json.encode({"settings": dict(self._settings), "tests": self._tests}))
        head = f"# Recorded from {system} by tests/counterparts: what it was asked and answered, without links.\n"
        text = yaml.safe_dump(whole, sort_keys=False, width=160, allow_unicode=True)
        file.write_text(head + text, encoding="utf-8")
        certifying.recorded(name, file)


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return [_short(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: _short(one) for name, one in value.items() if name not in _LINKS}


def _expected(answer: Answer, leave: tuple[str, ...]) -> dict[str, Any]:
    if isinstance(answer, Done):
        output = answer.output
        if isinstance(output, dict):
            output = {name: one for name, one in output.items() if name not in leave}
        return {"output": output}
    if isinstance(answer, Later):
        return {"error": {"class": "uncertain" if answer.uncertain else "retry"}}
    assert isinstance(answer, Failed), answer
    kind = _CLASSES.get(answer.error.type.rpartition("/")[2], "refuse")
    return {"error": {"class": kind, "says": answer.error.detail}}
