"""What a scenario's workflow tells customers: kept in memory, once for each call."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from services.customer_notices import function
from services.engine.functions import Answer, Call, Done
from services.rehearsals.times import failed
from template_library import notice_texts, notices
from template_library.notices import Asked

NOTICE: Final = notices.NAME


class Notices:
    """Fills the engine's Function protocol."""

    def __init__(self, opted_out: Collection[str]) -> None:
        self._opted_out = {one.lower() for one in opted_out}
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
        """As the product has it, as far as it looks at nothing but the call, and at who wants no notices."""
        address = function.address_of(asked)
        withheld = function.withheld(asked, address, has_host=True)
        return withheld or ("opted-out" if address in self._opted_out else None)
