"""Runs every document of a folder against local doubles of the services that it names: `make conformance DOCS=folder`.

A document is refused at publish, refused when it runs (the `configuration` error, whose reasons docs/language tells),
or it runs: to its end, to a fault of its own making, or as far as its events lead.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from infra import ids
from infra.settings import load
from services.engine.expressions.checks import check_expressions
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.expressions.protocol import ExpressionFailed
from services.engine.functions import STANDARD_ERRORS
from services.engine.memory import Report, Skipping, run_workflow
from services.protocols import table
from services.protocols.runner import Runner
from template_library.dsl import DocumentError, Workflow, parse
from template_library.dsl.elsewhere import ElsewhereError
from template_library.dsl.model import Consumption, EventFilter, Expression, ListenTask
from tests.conformance import described, expectations, samples
from tests.conformance.expectations import EXPECTED
from tests.conformance.parts import parts_of
from tests.conformance.rerouted import Rerouted
from tests.conformance.world import World
from tests.patience import PATIENCE

_ROUNDS: Final = 6
_SECONDS: Final = PATIENCE
_SECRET: Final = {
    "username": "user", "password": "secret", "token": "token", "authority": f"{samples.HOST}/realm",
    "grant": "client_credentials", "client": {"id": "us", "secret": "shh"},
}  # fmt: skip


class Result(msgspec.Struct, frozen=True):
    """`ran` with the run's status, `refused`, or `broken` by a mistake of ours; `words`: the reason or the error."""

    name: str
    verdict: str
    words: str = ""

    @property
    def line(self) -> str:
        return f"{self.verdict}{': ' if self.words else ''}{self.words}"


def texts(folder: Path) -> dict[str, str]:
    """The folder's documents by name, in the order of the names. A table of what is expected is none."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in {".yaml", ".yml", ".json"})
    return {
        str(path.relative_to(folder)): path.read_bytes().decode(errors="replace")
        for path in paths
        if path != folder / EXPECTED
    }


async def run_all(documents: Mapping[str, str], runner: Runner | None = None) -> list[Result]:
    """What came of each text, by its name. Programs are started by `runner`; without one they are refused."""
    async with ExpressionPool(size=1) as pool, World() as world:
        evaluator = Expressions(pool)
        return [await _run(text, name, evaluator, world, runner) for name, text in documents.items()]


async def _run(text: str, name: str, evaluator: Expressions, world: World, runner: Runner | None) -> Result:
    try:
        workflow = parse(text, filename=name, processes=() if runner is None else runner.kinds)
        await check_expressions(workflow, text, evaluator, filename=name)
        world.answer = samples.of_data(workflow)
        world.served = await described.of_document(workflow, partial(_sample, workflow, evaluator))
        async with Rerouted(world.url, world.grpc_port) as client, asyncio.timeout(_SECONDS):
            return _result(name, await _report(workflow, evaluator, client, runner))
    except DocumentError as error:
        return Result(name, "refused", error.violations[0].message)
    except ElsewhereError as error:
        return Result(name, "refused", str(error))
    except TimeoutError:
        return Result(name, "ran (for ever)")
    except Exception as error:  # noqa: BLE001 - one document's failure is not the folder's
        return Result(name, "broken", f"{type(error).__name__}: {error}")


async def _sample(workflow: Workflow, evaluator: Expressions, expression: Expression) -> Any:
    """What the expression comes to where it can be evaluated on the sample input alone, else a text."""
    value = samples.of_workflow(workflow)
    known = {name: {} for name in expression.variables} | {"input": value}
    try:
        return (await evaluator.evaluate([expression.program], value, known, lane="samples"))[0]
    except ExpressionFailed:
        return f"{samples.HOST}/text"


async def _report(workflow: Workflow, evaluator: Expressions, client: Rerouted, runner: Runner | None) -> Report:
    nested = {f"{space}/{name}:{version}": _nested(space, name) for space, name, version in workflow.workflows}
    parts = await parts_of(workflow, client)
    return await run_workflow(
        workflow,
        samples.of_workflow(workflow),
        functions=table.functions(client, runner),
        evaluator=evaluator,
        run=ids.new(),
        events=list(_events(workflow)),
        clock=Skipping(),
        nested=nested | parts.functions,
        schemas=parts.schemas,
        secrets=dict.fromkeys(workflow.secrets, _SECRET),
        patience=2.0,
    )


def _nested(namespace: str, name: str) -> Workflow:
    head = {"dsl": "1.0.3", "namespace": namespace, "name": name, "version": "1.0.0"}
    return parse(msgspec.json.encode({"document": head, "do": [{"done": {"set": {"done": True}}}]}).decode())


def _events(workflow: Workflow) -> Iterator[dict[str, Any]]:
    """What the listeners ask for, a few times over, and then what ends the listening."""
    listened = [task.to for task in workflow.tasks.values() if isinstance(task, ListenTask)]
    filters = [one for to in listened for one in (to.filters or (EventFilter((), ()),))]
    last = [one for to in listened if isinstance(to.until, Consumption) for one in to.until.filters]
    for number, one in enumerate([*filters * _ROUNDS, *last]):
        yield samples.of_filter(workflow, one, number)


def _result(name: str, report: Report) -> Result:
    error = report.error
    if error is None:
        return Result(name, f"ran ({report.status})")
    kind = error.type.removeprefix(STANDARD_ERRORS)
    words = f"{kind} {error.status}: {error.detail or error.title}"
    return Result(name, "refused" if kind == "configuration" else f"ran ({report.status})", words)


def main(arguments: Sequence[str]) -> int:
    """`FOLDER [TABLE]`: print a line for each document; the settings may name a runner for programs.

    Exit code 1: there is no document, one is broken, or one is not as the table expects; `TABLE` is the folder's own
    where it has one.
    """
    folder = Path(arguments[0])
    results = asyncio.run(run_all(texts(folder), Runner.of(load())))
    width = max((len(one.name) for one in results), default=0)
    for one in results:
        sys.stdout.write(f"{one.name:<{width}}  {one.line}\n")
    ran = sum(one.verdict.startswith("ran") for one in results)
    refused = sum(one.verdict == "refused" for one in results)
    wrong = [f"{one.name}: {one.line}" for one in results if one.verdict == "broken"]
    table = Path(arguments[1]) if arguments[1:] else folder / EXPECTED
    if arguments[1:] or table.exists():
        wrong += expectations.differences(expectations.read(table), {one.name: one.line for one in results})
    sys.stdout.write(f"{len(results)} documents: {ran} ran, {refused} refused, {len(wrong)} not as expected\n")
    for words in wrong:
        sys.stdout.write(f"≠ {words}\n")
    return 0 if results and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
