"""Runs every document of a folder against local doubles of the services that it names: `make conformance DOCS=folder`.

A document is refused at publish, refused when it runs (the `configuration` error, whose reasons docs/language tells),
or it runs: to its end, to a fault of its own making, or as far as its events lead.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from infra import ids
from infra.settings import load
from services.engine.expressions.checks import check_expressions
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import STANDARD_ERRORS
from services.engine.memory import Report, Skipping, run_workflow
from services.protocols import table
from services.protocols.runner import Runner
from template_library.dsl import DocumentError, Workflow, parse
from template_library.dsl.elsewhere import ElsewhereError
from template_library.dsl.model import Consumption, EventFilter, ListenTask
from template_library.dsl.readiness import UNREADY
from tests.conformance import described, samples
from tests.conformance.parts import parts_of
from tests.conformance.rerouted import Rerouted
from tests.conformance.world import World

NEVER: Final = frozenset({word for word in UNREADY if word.startswith(("run: s", "run: c", "transport:", "protocol:"))})
"""What no version runs: programs of a document's own without a runner, and servers of protocols unknown here."""
_ROUNDS: Final = 6
_SECONDS: Final = 20.0
_SECRET: Final = {
    "username": "user", "password": "secret", "token": "token", "authority": f"{samples.HOST}/realm",
    "grant": "client_credentials", "client": {"id": "us", "secret": "shh"},
}  # fmt: skip


class Result(msgspec.Struct, frozen=True):
    """`ran` with the run's status, or `refused`; `words` is the reason, or the error of the run."""

    name: str
    verdict: str
    words: str = ""


def texts(folder: Path) -> dict[str, str]:
    """The folder's documents by name, in the order of the names."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in {".yaml", ".yml", ".json"})
    return {str(path.relative_to(folder)): path.read_text() for path in paths}


async def run_all(documents: Mapping[str, str], runner: Runner | None = None) -> list[Result]:
    """What came of each text, by its name. Programs are started by `runner`; without one they are refused."""
    async with ExpressionPool(size=1) as pool, World() as world:
        evaluator = Expressions(pool)
        return [await _run(text, name, evaluator, world, runner) for name, text in documents.items()]


async def _run(text: str, name: str, evaluator: Expressions, world: World, runner: Runner | None) -> Result:
    try:
        workflow = parse(text, filename=name, whole=True)
        _refuse_never(text, name, () if runner is None else runner.kinds)
        await check_expressions(workflow, text, evaluator, filename=name)
    except DocumentError as error:
        return Result(name, "refused", error.violations[0].message)
    world.answer = samples.of_data(workflow)
    world.served = described.of_document(workflow.definition)
    async with Rerouted(world.url, world.grpc_port) as client:
        try:
            async with asyncio.timeout(_SECONDS):
                report = await _report(workflow, evaluator, client, runner)
        except TimeoutError:
            return Result(name, "ran (for ever)")
        except ElsewhereError as error:
            return Result(name, "refused", str(error))
    return _result(name, report)


def _refuse_never(text: str, name: str, processes: Collection[str]) -> None:
    """Raises DocumentError, for what the gate will never open for alone."""
    try:
        parse(text, filename=name, processes=processes)
    except DocumentError as error:
        kept = [one for one in error.violations if any(f"`{word}`" in one.message for word in NEVER)]
        if kept:
            raise DocumentError(name, kept) from None


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


def main(folder: str) -> int:
    """Print a line for each document. Exit code 1 where there is none. The settings may name a runner for programs."""
    results = asyncio.run(run_all(texts(Path(folder)), Runner.of(load())))
    width = max((len(one.name) for one in results), default=0)
    for one in results:
        sys.stdout.write(f"{one.name:<{width}}  {one.verdict}{': ' if one.words else ''}{one.words}\n")
    ran = sum(one.verdict != "refused" for one in results)
    sys.stdout.write(f"{len(results)} documents: {ran} ran, {len(results) - ran} refused\n")
    return 0 if results else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
