"""What the simulated warehouse leaves for others: as a careful system does, or as badly as it is told to."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from services.connectors.simulators.documents import Documents, shown
from services.connectors.simulators.faults import WHEN_LEFT, Chance
from services.connectors.simulators.file_warehouse import forms

_HOUR: Final = timedelta(hours=1)
_BEHIND: Final = timedelta(minutes=30)
_HELD: Final = "held"


class Outgoing:
    """Files of a folder. What is held back is kept with the system's documents, and outlives a restart."""

    def __init__(self, folder: Path, kept: Documents) -> None:
        self._folder = folder
        self._kept = kept

    def leave(self, name: str, text: str, hour: datetime, chance: Chance) -> None:
        """The file of an hour, with what goes wrong with it; what is to come behind it comes half an hour later."""
        fault = chance.draw(WHEN_LEFT)
        if fault == "late":
            self._hold(name, text, due=shown(hour + timedelta(seconds=chance.faults.late_seconds)))
            return
        if fault == "out-of-order":
            self._hold(name, text, behind=_kind(name))
            return
        if fault == "truncated":
            (self._folder / name).write_bytes(text[: len(text) // 2].encode(forms.ENCODING))
            self._hold(name, text, due=shown(hour + _HOUR))
            return
        self._put(name, forms.drifted(text) if fault == "drift" else text)
        if fault == "duplicate":
            stem, _, suffix = name.rpartition(".")
            self._put(f"{stem}-2.{suffix}", text)
        for one in [one for one in self._held() if one.get("behind") == _kind(name)]:
            self._hold(one["id"], one["text"], due=shown(hour + _BEHIND))

    def settle(self, now: datetime) -> None:
        """Leave what was held back until then."""
        for one in [one for one in self._held() if "due" in one and datetime.fromisoformat(one["due"]) <= now]:
            self._release(one)

    def _hold(self, name: str, text: str, **until: str) -> None:
        self._kept.put(_HELD, name, {"id": name, "text": text, "left": False, **until})

    def _held(self) -> list[dict[str, Any]]:
        return [one for one in self._kept.all(_HELD) if not one["left"]]

    def _release(self, one: dict[str, Any]) -> None:
        self._put(one["id"], one["text"])
        self._kept.put(_HELD, one["id"], {**one, "left": True})

    def _put(self, name: str, text: str) -> None:
        """Under another name first."""
        aside = self._folder / f"{name}.tmp"
        aside.write_bytes(text.encode(forms.ENCODING))
        aside.rename(self._folder / name)


def _kind(name: str) -> str:
    return name.partition("-")[0]
