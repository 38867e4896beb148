"""`cross-reference:1.0.0@default`: a workflow says which ids are of one thing, and finds the others (ADR 0141)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from infra import ids
from infra.database import Database, through_outage
from infra.ids import TenantId
from services.engine.functions import STANDARD_ERRORS, Answer, Call, Done, ErrorDetails, Failed, Later
from services.records import bound, linking, meeting
from services.records.bound import NoSystem
from services.records.errors import TooManyKeys
from services.records.keys import PREFIX, Key
from services.records.linking import Apart, Its
from services.records.meeting import Named
from template_library import cross_references
from template_library.cross_references import NAME, Wanted

__all__ = ["NAME", "CrossReferenceFunction"]

APART: Final = "What is said to be one is known as several"
UNREADABLE: Final = "The call of the cross-reference is not right"
UNNAMED: Final = "It cannot be told which system is meant"
_INVALID: Final = 400
_CONFLICT: Final = 409
_AWAY: Final = 503
_MOMENT: Final = 3.0
_IN_HAND: Final = "SELECT app.is_in_hand($1, $2)"


class CrossReferenceFunction:
    """Fills the engine's Function protocol. Each call is one transaction, and safe to repeat: a key is linked once.

    What changes something is done by who holds the run alone, under the fence of the call (F-02).
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, call: Call) -> Answer:
        try:
            wanted = cross_references.read(call.arguments)
        except ValueError as error:
            return failed(UNREADABLE, str(error))
        try:
            return await through_outage(lambda: self._do(call, wanted), "the cross-reference")
        except NoSystem as unnamed:
            return failed(UNNAMED, str(unnamed), name="configuration")
        except TooManyKeys as problem:
            return failed(problem.title, problem.detail)

    async def _do(self, call: Call, wanted: Wanted) -> Answer:
        tenant = TenantId(call.tenant)
        async with self._database.tenant(tenant) as connection:
            systems = await bound.systems(connection, tenant, call)
            named = named_by(wanted, systems.of)
            if wanted.do == "find":
                entity = await meeting.find(connection, tenant, named[0])
            else:
                # Before the run's row: whoever makes events of records has the turn when it wakes runs.
                await meeting.turn(connection, tenant, wanted.kind)
                if not await connection.fetchval(_IN_HAND, call.run, call.fence):
                    return _later()
                try:
                    entity = await linking.link(connection, tenant, named, actor=f"run:{ids.show('run', call.run)}")
                except Apart as apart:
                    await linking.tell(connection, tenant, apart)
                    return failed(APART, str(apart), status=_CONFLICT)
            its = [] if entity is None else await linking.keys(connection, tenant, entity)
        return Done(output=shown(entity, its, systems.names()), usage="")


def named_by(wanted: Wanted, system_of: Callable[[str], str]) -> list[Named]:
    """The keys that a call names, once each. `system_of`: by the document's name of a connection its system."""
    keys = (Key(one.system or system_of(one.connection or ""), one.id) for one in wanted.keys)
    return list(dict.fromkeys(Named(wanted.kind, one) for one in keys))


def shown(entity: UUID | None, its: Iterable[Its], names: Mapping[str, str]) -> dict[str, Any]:
    """What a workflow sees: `ids` by the document's own names of connections, to write by; `keys` of all systems."""
    keys = list(its)
    preferred = {one.key.system: one.key.id for one in keys if one.is_preferred}
    return {
        "found": entity is not None,
        "entity": None if entity is None else ids.show(PREFIX, entity),
        "ids": {name: preferred[system] for name, system in names.items() if system in preferred},
        "keys": [{"system": one.key.system, "id": one.key.id, "preferred": one.is_preferred} for one in keys],
    }


def failed(title: str, detail: str, *, name: str = "validation", status: int = _INVALID) -> Failed:
    """As calls of the cross-reference fail, in scenarios as well."""
    error = ErrorDetails(type=STANDARD_ERRORS + name, status=status, title=title, detail=detail)
    return Failed(error=error, sent=False)


def _later() -> Later:
    error = ErrorDetails(
        type=f"{STANDARD_ERRORS}timeout",
        status=_AWAY,
        title="Nothing was linked",
        detail="whoever has the run asks the same",
    )
    return Later(reason="its run is in other hands", ref="", error=error, seconds=_MOMENT, sent=False)
