"""The declared tests of each simulator's connector, on the simulator: what comes of each, and what was said for it.

`RECORD=1` writes the exchanges into each `tests.yaml` as they came; nobody types them (ADR 0082).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import yaml

from infra import egress
from infra.encryption.secret import Secret
from services.connectors.declared import library
from services.connectors.declared.document import Document
from services.connectors.declared.trigger_parts import WebhookPart
from services.connectors.simulators import systems
from services.connectors.trying import cases
from services.connectors.trying.cases import Case, Cases
from services.connectors.trying.trial import Live, Trial
from services.engine.expressions.evaluator import Expressions
from tests import certifying
from tests.counterparts.calling import Noting
from tests.services.connectors.simulators.beside import beside, secret_of

RECORDS: Final = bool(os.environ.get("RECORD"))


def declared(name: str) -> tuple[Document, Path, Cases]:
    document = next(one for one in library.documents() if one.name == systems.KINDS[name].connector)
    folder = library.newest(library.ROOT / document.name)
    return document, folder, cases.read(folder, document)


CASES: Final = [
    pytest.param(name, case, marks=pytest.mark.certifies(kind.connector, simulator=True), id=f"{name}: {case.name}")
    for name, kind in sorted(systems.KINDS.items())
    if not kind.has_files
    for case in declared(name)[2].tests
    if case.live
]


@pytest.mark.parametrize("name", sorted(systems.KINDS))
def test_every_operation_and_poll_of_a_simulator_s_connector_has_a_test(name: str) -> None:
    document, _, found = declared(name)
    assert document.simulator == name
    polls = {trigger for trigger, part in document.triggers.items() if not isinstance(part, WebhookPart)}
    # Tests of files say what lies there, which no running simulator can be told.
    counted = [one for one in found.tests if one.live or systems.KINDS[name].has_files]
    assert {one.operation or one.trigger for one in counted} == {*document.operations, *polls}


@pytest.mark.parametrize(("name", "case"), CASES)
async def test_a_declared_test_holds_for_the_simulator(
    name: str, case: Case, tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    kind = systems.KINDS[name]
    certifying.saw(kind.connector, f"the {kind.title} simulator")
    document, folder, found = declared(name)
    noting = Noting(client)
    async with beside(name, tmp_path, client, evaluator) as running:
        alone = msgspec.structs.replace(document, health=None)
        trial = Trial(alone, Cases((case,), found.settings), evaluator, noting)  # type: ignore[arg-type]  # it sends
        secrets = {one: Secret(secret_of(one)) for one in document.secrets}
        (verdict,) = await trial.live(Live(running.url, secrets))
    assert not verdict.wrong
    if RECORDS:
        record(folder / cases.FILE, name, case.name, noting.noted)
        return
    written = msgspec.json.encode([{"request": one.request, "answer": one.answer} for one in case.exchanges])
    assert msgspec.json.decode(written, type=list[Said]) == msgspec.convert(noting.noted, list[Said])


class Wanted(msgspec.Struct):
    path: str
    method: str = "GET"
    query: Any = None
    headers: dict[str, str] = {}
    body: Any = None


class Told(msgspec.Struct):
    status: int = 200
    headers: dict[str, str] = {}
    body: Any = None
    text: str = ""


class Said(msgspec.Struct):
    """An exchange, with what was left out filled in."""

    request: Wanted
    answer: Told


def record(file: Path, name: str, case: str, noted: list[dict[str, Any]]) -> None:
    """The same tests with what was said for this one."""
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    one = next(one for one in written["tests"] if one["name"] == case)
    expect = one.pop("expect")
    # Anew, so that nothing is there twice: the reader knows no anchors.
    one |= {"exchanges": json.loads(json.dumps(noted)), "expect": expect}
    head = f"# The exchanges were recorded from the {name} simulator: tests/services/connectors/simulators.\n"
    text = yaml.safe_dump(written, sort_keys=False, width=110, allow_unicode=True, default_flow_style=None)
    file.write_text(head + text, encoding="utf-8")
