"""Which statement a request is about: one of the manifest's, or one that the connection has in a setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.connectors.declared.exchanges import Asking
from services.connectors.declared.mapping import Filled, Unmapped
from services.connectors.declared.sql_parts import Chosen
from services.connectors.sdk.errors import Refusal
from services.connectors.sql import statements
from services.connectors.sql.statements import Does, Statement, StatementRefused

_LONGEST_NAME: Final = 100


class Named:
    """`known`: statements of the manifest, by name."""

    def __init__(self, chosen: str | Chosen, pointer: str, known: Mapping[str, Any]) -> None:
        self._own = ""
        self._setting, self._part, self._name = "", "", None
        if isinstance(chosen, str):
            self._own, self._statement = chosen, statements.read(known[chosen]) if chosen in known else None
        else:
            self._setting, self._part = chosen.setting, chosen.part
            self._name = Filled(chosen.name, f"{pointer}/name") if chosen.name else None

    @property
    def parts(self) -> tuple[Filled, ...]:
        """Every template in it."""
        return () if self._name is None else (self._name,)

    @property
    def is_part(self) -> bool:
        """Whether it belongs to another one, for whose parameters the values are."""
        return bool(self._part)

    async def one(self, asking: Asking, does: Does) -> tuple[str, Statement]:
        """Which it is, for people, and the statement. Raises Refusal."""
        if self._own:
            return f"The statement `{self._own}`", _held(self._statement, f"The statement `{self._own}`", does)
        try:
            name = None if self._name is None else await asking.filled(self._name, asking.given)
        except Unmapped as unmapped:
            raise Refusal(unmapped.detail, name="validation", status=400, title="The input has no place") from unmapped
        about = self._about(str(name)[:_LONGEST_NAME])
        found = self._of(asking.context.settings).get(name) if isinstance(name, str) else None
        if found is not None and self._part:
            if self._part not in found:
                raise refusal(f"{about} has no {self._part}, which one with the effect check-then-write has")
            about, found = f"The {self._part} of {about[4:]}", found[self._part]
        return about, _held(found, about, does)

    def all(self, settings: Mapping[str, Any]) -> Iterator[tuple[str, Statement]]:
        """Those of the setting, with those that look for what they did. Raises Refusal: one cannot be used."""
        for name, value in self._of(settings).items():
            about = self._about(name)
            yield about, _held(value, about, "read" if value.get("effect", "read") == "read" else "write")
            if value.get("read_back") is not None:
                yield f"The read_back of {about[4:]}", _held(value["read_back"], about, "read")

    def _of(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        return settings.get(self._setting) or {}

    def _about(self, name: str) -> str:
        return f"The statement `{name}` of the setting `{self._setting}`"


def _held(value: Any, about: str, does: Does) -> Statement:
    if value is None:
        raise refusal(f"{about} is not there")
    try:
        found = value if isinstance(value, Statement) else statements.read(value)
        statements.hold(found, does)
    except StatementRefused as error:
        raise refusal(f"{about} cannot be used: {error.detail}") from error
    return found


def refusal(detail: str) -> Refusal:
    """Who set the connection up has to change a statement."""
    return Refusal(detail, name="configuration", title="The statement cannot be used")
