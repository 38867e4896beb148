"""`evidence:1.0.0@default` in a scenario: the cases of `services.evidence`, with papers that come when it says so."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from infra import ids
from infra.problems import Problem
from services.engine.functions import Answer, Call, Done
from services.evidence import cases
from services.evidence.cases import Case, Paper, Standing
from services.evidence.errors import CaseIsOther, NoSuchPaper, TooManyPapers, UnknownCase
from services.evidence.function import shown
from services.rehearsals.times import Time, failed
from template_library import evidence
from template_library.dsl.durations import milliseconds
from template_library.evidence import MOST_REQUIRED, Asked, Needed
from template_library.scenarios import Paper as Coming

EVIDENCE: Final = evidence.NAME
_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_ACTOR: Final = "run:rehearsed"


class Evidence:
    """Fills the engine's Function protocol: cases, what they need, and the papers that are there."""

    def __init__(self, papers: tuple[Coming, ...], time: Time) -> None:
        self._papers = [(_document(place, one), one.kind, _moment(time, one)) for place, one in enumerate(papers)]
        self._time = time
        self._cases: dict[str, Case] = {}
        self._told: dict[str, dict[str, Any]] = {}
        self._said: dict[tuple[str, UUID], str] = {}

    async def __call__(self, call: Call) -> Answer:
        try:
            asked = evidence.read(call.arguments)
        except ValueError as error:
            return failed("validation", "The evidence cannot be read", str(error))
        try:
            return self._do(call, asked)
        except Problem as problem:
            return failed("validation", problem.title, problem.detail)

    def found(self) -> list[dict[str, Any]]:
        return list(self._told.values())

    def _do(self, call: Call, asked: Asked) -> Answer:
        case = self._case(call, asked)
        if asked.do == "add":
            self._add(case, asked.document or "", asked.to or "")
        standing = Standing(case=case, papers=self._there(case), entity=None)
        if asked.do != "pack":
            return Done(output=shown(standing), usage="")
        self._told[case.key]["packed"] = True
        output = {
            "document": ids.show("doc", uuid5(NAMESPACE_URL, call.key)),
            "sha256": hashlib.sha256(call.key.encode()).hexdigest(),
            "parts": sum(bool(one.paper) for one in standing.papers),
            "missing": standing.missing,
            "held": standing.held,
        }
        return Done(output=output, usage="")

    def _case(self, call: Call, asked: Asked) -> Case:
        """The case, opened now where the call says all that this takes. Raises UnknownCase, CaseIsOther."""
        known, required = self._cases.get(asked.case), asked.papers
        if asked.about is None or asked.reason is None or required is None:
            if known is None:
                raise UnknownCase
            return known
        about = (asked.about.kind, asked.about.key, asked.reason)
        if known is None:
            known = _opened(call, asked, about)
            self._told[asked.case] = {**call.arguments, "packed": False}
        if (known.about_kind, known.about_key, known.reason) != about:
            raise CaseIsOther
        grown = {**required, **known.required}
        if len(grown) > MOST_REQUIRED:
            raise TooManyPapers
        known = msgspec.structs.replace(known, required=known.required | _new(required, known.required))
        self._cases[asked.case] = known
        return known

    def _add(self, case: Case, document: str, paper: str) -> None:
        """Raises NoSuchPaper."""
        there = {ids.show("doc", one): one for one, _, moment in self._papers if moment <= self._time.now()}
        if paper not in case.required or document not in there:
            raise NoSuchPaper
        self._said[case.key, there[document]] = paper

    def _there(self, case: Case) -> list[Paper]:
        """The documents that are there by now, each with the paper that it is."""
        return [
            Paper(
                document_id=document,
                name=kind,
                media_type="application/pdf",
                size=1,
                digest=hashlib.sha256(kind.encode()).digest(),
                state="clean",
                made_by=_ACTOR,
                created_at=_BEGAN,
                paper=self._said.get((case.key, document)) or _paper(case.required, kind),
            )
            for document, kind, moment in self._papers
            if moment <= self._time.now()
        ]


def _opened(call: Call, asked: Asked, about: tuple[str, str, str]) -> Case:
    kind, key, reason = about
    return Case(
        case_id=uuid5(NAMESPACE_URL, asked.case),
        key=asked.case,
        about_kind=kind,
        about_key=key,
        reason=reason,
        required={},
        run_id=call.run,
        opened_by=_ACTOR,
        opened_at=_BEGAN,
    )


def _new(wanted: dict[str, Needed], there: dict[str, Needed]) -> dict[str, Needed]:
    return {name: one for name, one in wanted.items() if name not in there}


def _paper(required: dict[str, Needed], kind: str) -> str:
    return kind if kind in required else cases.named(required, kind)


def _document(place: int, one: Coming) -> UUID:
    """Raises ValueError: it is given one that is no id."""
    if one.document is None:
        return uuid5(NAMESPACE_URL, f"{place} {one.kind}")
    try:
        return ids.read("doc", one.document)
    except ids.MalformedId:
        raise ValueError(f"/papers/{place}/document: give the id of a document, such as doc_…") from None


def _moment(time: Time, one: Coming) -> int:
    return time.began + milliseconds(one.after)
