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
from services.connectors.declared.trigger_parts import PollPart
from services.connectors.simulators import systems
from services.connectors.trying import cases
from services.connectors.trying.cases import Case, Cases
from services.connectors.trying.trial import Live, Trial
from services.engine.expressions.evaluator import Expressions
from tests import certifying
from tests.counterparts.calling import Noting
from tests.services.connectors.simulators.beside import beside, secret_of

RECORDS: Final = bool(os.environ.get("RECORD"))
KINDS: Final = [
    pytest.param(name, marks=pytest.mark.certifies(kind.connector, simulator=True))
    for name, kind in sorted(systems.KINDS.items())
]


@pytest.mark.parametrize("name", KINDS)
async def test_its_declared_tests_hold_for_the_simulator(
    name: str, tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    kind = systems.KINDS[name]
    certifying.saw(kind.connector, f"the {kind.title} simulator")
    document = next(one for one in library.documents() if one.name == kind.connector)
    assert document.simulator == name
    folder = library.newest(library.ROOT / kind.connector)
    declared = cases.read(folder, document)
    polls = {trigger for trigger, part in document.triggers.items() if isinstance(part, PollPart)}
    assert {one.operation or one.trigger for one in declared.tests if one.live} == {*document.operations, *polls}
    unhealthy = msgspec.structs.replace(document, health=None)
    came = []
    for case in declared.tests:
        async with beside(name, tmp_path, client, evaluator) as running:
            noting = Noting(client)
            trial = Trial(unhealthy, Cases((case,), declared.settings), evaluator, noting)  # type: ignore[arg-type]
            secrets = {one: Secret(secret_of(one)) for one in document.secrets}
            (verdict,) = await trial.live(Live(running.url, secrets))
            assert not verdict.wrong, (case.name, verdict.wrong)
            came.append(noting.noted)
    if RECORDS:
        record(folder / cases.FILE, name, declared.tests, came)
        return
    for case, exchanges in zip(declared.tests, came, strict=True):
        if case.live:
            wanted = [{"request": exchange.request, "answer": exchange.answer} for exchange in case.exchanges]
            assert msgspec.json.decode(msgspec.json.encode(wanted), type=list[Said]) == msgspec.convert(
                exchanges, list[Said]
            ), case.name


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


def record(file: Path, name: str, tests: tuple[Case, ...], came: list[list[dict[str, Any]]]) -> None:
    """The same tests with what was said for each, but for those that are of no running simulator."""
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    for one, case, exchanges in zip(written["tests"], tests, came, strict=True):
        expect = one.pop("expect")
        if case.live:
            # Anew, so that nothing is there twice: the reader knows no anchors.
            one["exchanges"] = json.loads(json.dumps(exchanges))
        one["expect"] = expect
    head = f"# The exchanges were recorded from the {name} simulator: tests/services/connectors/simulators.\n"
    text = yaml.safe_dump(written, sort_keys=False, width=110, allow_unicode=True, default_flow_style=None)
    file.write_text(head + text, encoding="utf-8")
