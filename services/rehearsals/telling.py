"""What a scenario's workflow tells customers, and the evidence that it asks for: kept in memory, once for each call."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from infra import ids
from services.engine.functions import Answer, Call, Done
from services.rehearsals.times import Time, failed
from template_library import notice_texts, notices
from template_library.dsl.durations import milliseconds
from template_library.notices import Asked
from template_library.scenarios import Paper

NOTICE: Final = notices.NAME
EVIDENCE: Final = "evidence:1.0.0@default"


class Notices:
    """Fills the engine's Function protocol."""

    def __init__(self, opted_out: Collection[str]) -> None:
        self._opted_out = {one.casefold() for one in opted_out}
        self._told: dict[str, dict[str, Any]] = {}

    async def __call__(self, call: Call) -> Answer:
        if call.key not in self._told:
            given = call.arguments
            try:
                asked, texts = notices.read(given)
            except ValueError as error:
                return failed("validation", "The notice cannot be read", str(error))
            values = {name.removeprefix("values."): text for name, text in asked.told.items()}
            if lacking := sorted(notice_texts.values_of(texts) - values.keys()):
                return failed("validation", "The notice lacks values", f"its mail asks for {', '.join(lacking)}")
            why = self._why(asked)
            self._told[call.key] = {**given, "notice": asked.name, "sent": why is None, "why": why}
        told = self._told[call.key]
        return Done(output={"sent": told["sent"], "why": told["why"]}, usage="")

    def found(self) -> list[dict[str, Any]]:
        """The notices; of whom they are to, the address."""
        return [{**one, "to": (one.get("to") or {}).get("email")} for one in self._told.values()]

    def _why(self, asked: Asked) -> str | None:
        """As the product has it, as far as it looks at nothing but the call."""
        if not asked.is_wanted:
            return "not-wanted"
        if asked.promise is not None and not notices.is_later(asked.promise):
            return "not-late"
        if not (asked.to.email or "").strip():
            return "no-address"
        return "opted-out" if (asked.to.email or "").casefold() in self._opted_out else None


class Evidence:
    """Fills the engine's Function protocol: cases, what they need, and the papers that are there."""

    def __init__(self, papers: tuple[Paper, ...], time: Time) -> None:
        self._papers = [(one.kind, time.began + milliseconds(one.after)) for one in papers]
        self._time = time
        self._cases: dict[str, dict[str, Any]] = {}

    async def __call__(self, call: Call) -> Answer:
        given = call.arguments
        key = str(given.get("case"))
        if given.get("do") not in {"open", "check", "pack"} or (given["do"] != "open" and key not in self._cases):
            return failed("validation", "The evidence cannot be read", "open a case, then check or pack it")
        if given["do"] == "open":
            self._cases.setdefault(key, {**given, "packed": False})
        case = self._cases[key]
        there = [kind for kind, moment in self._papers if moment <= self._time.now()]
        held = [one for one in case.get("required", {}) if one in there]
        missing = [one for one in case.get("required", {}) if one not in there]
        if given["do"] == "pack":
            case["packed"] = True
            document = ids.show("doc", uuid5(NAMESPACE_URL, call.key))
            return Done(output={"document": document, "missing": missing, "held": held}, usage="")
        return Done(output={"case": key, "ready": not missing, "missing": missing, "held": held}, usage="")

    def found(self) -> list[dict[str, Any]]:
        return list(self._cases.values())
