"""`evidence:1.0.0@default`: a workflow opens a case, asks what it lacks, has a pack made of what is there (ADR 0114).

Documents are opened by the API alone, so that it makes the pack: the call waits for it, and finds it again by its key.
"""

from __future__ import annotations

from typing import Any, Final

from infra import ids
from infra.database import Database, through_outage
from infra.ids import TenantId
from infra.problems import Problem
from services.engine.functions import STANDARD_ERRORS, Answer, Call, Done, ErrorDetails, Failed, Later
from services.evidence import asking, cases
from services.evidence.asking import Pack
from services.evidence.cases import PREFIX, Case, NewCase, Standing
from services.evidence.errors import NoSuchPaper
from template_library import evidence
from template_library.evidence import NAME, Asked

__all__ = ["NAME", "EvidenceFunction"]

_INVALID: Final = 400
_AWAY: Final = 503
_LOOK_SECONDS: Final = 2.0
_MOMENT: Final = 3.0
_IN_HAND: Final = "SELECT app.is_in_hand($1, $2)"


class EvidenceFunction:
    """Fills the engine's Function protocol. Every call is safe to repeat by its key.

    It is one transaction, under the fence of the run: who has lost the run changes nothing (F-02).
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, call: Call) -> Answer:
        try:
            asked = evidence.read(call.arguments)
        except ValueError as error:
            return _failed("validation", "The evidence cannot be read", str(error))
        try:
            return await through_outage(lambda: self._do(call, asked), "evidence")
        except Problem as problem:
            return _failed("validation", problem.title, problem.detail)

    async def _do(self, call: Call, asked: Asked) -> Answer:
        tenant, actor = TenantId(call.tenant), f"run:{ids.show('run', call.run)}"
        async with self._database.tenant(tenant) as connection:
            if not await connection.fetchval(_IN_HAND, call.run, call.fence):
                return _later("its run is in other hands", "whoever has the run asks the same", _MOMENT)
            case = await _case(connection, tenant, call, asked, actor)
            standing = await cases.standing(connection, tenant, case, call.run)
            if asked.do == "add":
                document, paper = _document(asked.document or ""), asked.to or ""
                standing = await cases.add(connection, tenant, standing, document, paper, actor=actor)
            if asked.do != "pack":
                return Done(output=shown(standing), usage="")
            pack = await asking.ask(connection, tenant, case, key=call.key, run=call.run, actor=actor)
        return _packed(standing, pack)


async def _case(connection: Any, tenant: TenantId, call: Call, asked: Asked, actor: str) -> Case:
    """The case, opened now where the call says all that this takes. Raises UnknownCase, CaseIsOther."""
    required = asked.papers
    if asked.about is None or asked.reason is None or required is None:
        return await cases.find(connection, tenant, asked.case)
    new = NewCase(
        key=asked.case,
        about_kind=asked.about.kind,
        about_key=asked.about.key,
        reason=asked.reason,
        required=required,
        run=call.run,
    )
    return await cases.open_case(connection, tenant, new, actor=actor)


def _document(text: str) -> Any:
    try:
        return ids.read("doc", text)
    except ids.MalformedId:
        raise NoSuchPaper from None


def shown(standing: Standing) -> dict[str, Any]:
    """What a workflow sees of a case."""
    return {
        "case": standing.case.key,
        "id": ids.show(PREFIX, standing.case.case_id),
        "ready": not standing.missing,
        "missing": standing.missing,
        "held": standing.held,
        "waiting": standing.waiting,
        "asked": {name: standing.case.required[name].title for name in standing.missing},
    }


def _packed(standing: Standing, pack: Pack) -> Answer:
    if pack.state == "asked":
        reason = f"a pack of the case {standing.case.key} is being made"
        return _later(reason, "nobody made it in time", _LOOK_SECONDS, parked=True)
    if pack.state == "refused" or pack.document_id is None or pack.digest is None:
        return _failed("runtime", "No pack could be made", asking.WORDS.get(pack.why or "", "it cannot be made"))
    output = {
        "document": ids.show("doc", pack.document_id),
        "sha256": pack.digest.hex(),
        "parts": pack.parts,
        "missing": pack.missing,
        "held": [name for name in standing.case.required if name not in (pack.missing or [])],
    }
    return Done(output=output, usage="")


def _later(reason: str, detail: str, seconds: float, *, parked: bool = False) -> Later:
    error = ErrorDetails(type=f"{STANDARD_ERRORS}timeout", status=_AWAY, title="No pack was made", detail=detail)
    return Later(reason=reason, ref="", error=error, seconds=seconds, sent=False, parked=parked)


def _failed(name: str, title: str, detail: str) -> Failed:
    return Failed(
        error=ErrorDetails(type=STANDARD_ERRORS + name, status=_INVALID, title=title, detail=detail), sent=False
    )
