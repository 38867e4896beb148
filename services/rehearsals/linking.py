"""`cross-reference:1.0.0@default` in a scenario: entities in memory, by the rules of `services.records` (ADR 0141)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from services.engine.functions import Answer, Call, Done
from services.records import function
from services.records.bound import NoSystem
from services.records.errors import TooManyKeys
from services.records.keys import MOST, Key
from services.records.linking import Apart, Its
from services.records.meeting import Named
from template_library import cross_references
from template_library.records import registry
from template_library.scenarios import StandingEntity

CROSS_REFERENCE: Final = cross_references.NAME


class Known(msgspec.Struct):
    """An entity, with its keys in the order in which they were linked."""

    entity: UUID
    kind: str
    keys: list[Key]

    @property
    def its(self) -> list[Its]:
        """By system; the first of each is preferred."""
        first = {one.system: one for one in reversed(self.keys)}
        return [Its(one, first[one.system] == one) for one in sorted(self.keys, key=lambda one: one.system)]


class CrossReference:
    """Fills the engine's Function protocol. A connection's system is called as the document calls the connection."""

    def __init__(self, standing: tuple[StandingEntity, ...], connections: Collection[str]) -> None:
        """Raises ValueError: a kind is no record, or two entities have one key."""
        self._names = {name: name for name in sorted(connections)}
        self._known: list[Known] = []
        for one in standing:
            named = [Named(one.kind, Key(each.system, each.id)) for each in one.keys]
            if one.kind not in registry.names() or any(self._find(each) for each in named):
                raise ValueError(f"/entities: {one.kind} is no record, or a key is that of two")
            self._make(named)

    async def __call__(self, call: Call) -> Answer:
        try:
            wanted = cross_references.read(call.arguments)
        except ValueError as error:
            return function.failed(function.UNREADABLE, str(error))
        try:
            named = function.named_by(wanted, self._system)
            known = self._find(named[0]) if wanted.do == "find" else self._link(named)
        except NoSystem as unnamed:
            return function.failed(function.UNNAMED, str(unnamed), name="configuration")
        except Apart as apart:
            return function.failed(function.APART, str(apart), status=409)
        except TooManyKeys as problem:
            return function.failed(problem.title, problem.detail)
        entity, its = (None, []) if known is None else (known.entity, known.its)
        return Done(output=function.shown(entity, its, self._names), usage="")

    def found(self) -> list[dict[str, Any]]:
        """As a scenario expects them."""
        return [
            {"kind": one.kind, "keys": [{"system": key.system, "id": key.id} for key in one.keys]}
            for one in self._known
        ]

    def _system(self, name: str) -> str:
        if name not in self._names:
            raise NoSystem(f"no connection is behind `{name}`: bind one")
        return name

    def _find(self, one: Named) -> Known | None:
        return next((each for each in self._known if each.kind == one.kind and one.key in each.keys), None)

    def _link(self, named: list[Named]) -> Known:
        """Raises Apart, TooManyKeys."""
        known: dict[UUID, Named] = {}
        for one in named:
            there = self._find(one)
            if there is not None:
                known.setdefault(there.entity, one)
        if len(known) > 1:
            raise Apart(known)
        if not known:
            return self._make(named)
        (found,) = (one for one in self._known if one.entity in known)
        new = [one.key for one in named if one.key not in found.keys]
        if len(found.keys) + len(new) > MOST:
            raise TooManyKeys(f"An entity has at most {MOST} keys")
        found.keys += new
        return found

    def _make(self, named: list[Named]) -> Known:
        first = named[0]
        entity = uuid5(NAMESPACE_URL, f"{first.kind} {first.key.system} {first.key.id}")
        made = Known(entity, first.kind, list(dict.fromkeys(one.key for one in named)))
        self._known.append(made)
        return made
