"""`waybill workflow`: run or check one document on the author's machine, without any service.

Modules that only some documents need are imported when they are: a small document starts and ends within a second.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn
from uuid import UUID

import click
import msgspec

from infra import ids
from infra.problems import BASE
from infra.settings import BadSetting, Settings, load
from services.cli import event_file as event_files
from services.engine import values
from services.engine.expressions.checks import check_expressions
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.expressions.protocol import ExpressionsUnavailable
from services.engine.lifecycle import Line, Rendering, Subject
from services.engine.memory import PATIENCE_SECONDS, TENANT, Clock, Report, Skipping, run_workflow
from template_library.dsl import DocumentError, Workflow, elsewhere, parse
from template_library.dsl.model import HttpCallTask, ProtocolCallTask, RunTask
from template_library.dsl.reader import read

if TYPE_CHECKING:
    from infra.egress import Client

FAULTED: Final = 1
INVALID: Final = 2
_WAITING: Final = "waiting"
_MARKS: Final = {"completed": "✓", "faulted": "✗", "cancelled": "-"}


@click.group()
def command() -> None:
    """Run and check workflow documents."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--input", "input_file", type=click.Path(path_type=Path), help="JSON or YAML; `-` reads standard input.")
@click.option(
    "--events",
    "event_file",
    type=click.Path(path_type=Path),
    help="JSON Lines of CloudEvents, one handed to the run each time that nothing else can move it.",
)
@click.option("--skip-waits", is_flag=True, help="Jump over what the run waits for by the clock.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--lifecycle", is_flag=True, help="Print the run's lifecycle events instead, each when it happens, as JSON Lines."
)
def run(  # noqa: PLR0913 (options)
    file: Path,
    input_file: Path | None,
    event_file: Path | None,
    *,
    skip_waits: bool,
    as_json: bool,
    lifecycle: bool,
) -> None:
    """Run the workflow in FILE on this machine.

    The run may call services of this machine. Exit code 0: completed; 1: faulted, cancelled, or waiting for an event
    that no file gave; 2: invalid document, input or events.
    """
    if lifecycle and as_json:
        raise click.UsageError("--lifecycle and --json cannot be used together; leave one out")
    settings = _settings()
    text = _text(file, as_json=as_json)
    _refuse_connections(text, file, settings, as_json=as_json)
    value = _value(input_file, as_json=as_json)
    events = _events(event_file, as_json=as_json)
    clock = Skipping() if skip_waits else Clock()
    try:
        report = asyncio.run(_run(text, str(file), value, events, clock, settings, tells=lifecycle))
    except DocumentError as error:
        _refuse(error, as_json=as_json)
    except ExpressionsUnavailable as error:
        raise click.ClickException(f"no expression can be evaluated on this machine: {error}") from error
    if not lifecycle:
        _print(report, as_json=as_json)
    sys.exit(0 if report.status == "completed" else FAULTED)


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(file: Path, *, as_json: bool) -> None:
    """Check the workflow in FILE: form, names, expressions. Exit code 0: valid; 2: invalid."""
    text = _text(file, as_json=as_json)
    try:
        workflow = asyncio.run(_check(text, str(file), _settings()))
    except DocumentError as error:
        _refuse(error, as_json=as_json)
    document = workflow.document
    if as_json:
        click.echo(values.encode({"valid": True, "document": document, "functions": workflow.functions}).decode())
    else:
        click.echo(f"{file}: {document.namespace}/{document.name} {document.version} is valid")


def _settings() -> Settings:
    try:
        return load()
    except BadSetting as error:
        raise click.ClickException(str(error)) from error


async def _check(text: str, filename: str, settings: Settings) -> Workflow:
    workflow = parse(text, filename=filename, processes=settings.processes)
    async with ExpressionPool(size=1) as pool:
        await check_expressions(workflow, text, Expressions(pool), filename=filename)
    return workflow


async def _run(  # noqa: PLR0913, PLR0917 (what one run needs)
    text: str, filename: str, value: Any, events: list[dict[str, Any]], clock: Clock, settings: Settings, *, tells: bool
) -> Report:
    workflow = parse(text, filename=filename, functions=(), processes=settings.processes)
    async with ExpressionPool(size=1) as pool:
        evaluator = Expressions(pool)
        await check_expressions(workflow, text, evaluator, filename=filename)
        run = ids.new()
        by = partial(run_workflow, workflow, value, evaluator=evaluator, run=run, events=events, clock=clock)
        if tells:
            by = partial(by, noted=_teller(workflow, run))
        calls = [one for one in workflow.tasks.values() if not (isinstance(one, RunTask) and one.workflow)]
        called = {type(task) for task in calls} & {HttpCallTask, ProtocolCallTask, RunTask}
        is_whole = not elsewhere.needs(workflow)
        if is_whole and not called:
            return await by(functions={})
        from infra.egress import Client, Guard  # noqa: PLC0415 - the HTTP client takes longer to import than most runs

        async with Client(Guard(allow_loopback=True, closed=filter(None, [settings.runner_url]))) as client:
            parts = {} if is_whole else await _gathered(workflow, client, settings)
            if is_whole and called == {HttpCallTask}:
                from services.protocols.http_call import HttpCall  # noqa: PLC0415 - likewise, as the other protocols

                return await by(functions={"http": HttpCall(client)}, **parts)
            return await _with_all(by, client, settings, parts)


def _teller(workflow: Workflow, run: UUID) -> Callable[[Line], None]:
    """Prints what each line of the run's journal tells."""
    rendering = Rendering(Subject(tenant=TENANT, run=run, definition=workflow.document.identity))

    def tell(line: Line) -> None:
        for event in rendering.events(line):
            click.echo(values.encode(event).decode())

    return tell


async def _with_all(by: Callable[..., Awaitable[Report]], client: Client, settings: Settings, parts: Any) -> Report:
    """Run with every protocol, and with the operator's runner where one is set."""
    from services.protocols import table  # noqa: PLC0415 - likewise
    from services.protocols.runner import Runner  # noqa: PLC0415

    runner = Runner.of(settings)
    try:
        functions = table.functions(client, runner)
        # A program may take its time; whoever sits in front of the terminal can end it.
        return await by(functions=functions, patience=PATIENCE_SECONDS + (runner.seconds if runner else 0.0), **parts)
    finally:
        if runner is not None:
            await runner.close()


async def _gathered(workflow: Workflow, client: Client, settings: Settings) -> dict[str, Any]:
    """What the document takes from elsewhere, as it is now."""
    from services.protocols import elsewhere as others  # noqa: PLC0415 - likewise
    from services.protocols.exchange import Exchange  # noqa: PLC0415
    from services.protocols.resources.fetching import Resources  # noqa: PLC0415

    try:
        found = await others.gather(workflow, TENANT, Resources(Exchange(client)), settings.processes)
    except elsewhere.ElsewhereError as error:
        raise click.ClickException(str(error)) from error
    nested = {name: elsewhere.function(name, one, name) for name, one in found.functions.items()}
    return {"nested": nested, "schemas": found.schemas}


def _refuse_connections(text: str, file: Path, settings: Settings, *, as_json: bool) -> None:
    """A document that is right and calls connections is told apart from one that misspells a function."""
    try:
        workflow = parse(text, filename=str(file), processes=settings.processes)
    except DocumentError:
        return  # told with its places by the run's own reading
    called = [name for name in workflow.functions if name.startswith("connector:")]
    if called:
        detail = (
            f"{file} calls {called[0]}: calls of connections run only in a deployment or in `waybill template test`"
        )
        _fail("invalid-workflow", detail, as_json=as_json, file=str(file))


def _text(file: Path, *, as_json: bool) -> str:
    try:
        return (sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()).decode()
    except OSError as error:
        _fail("unreadable-file", f"{file}: {error.strerror}", as_json=as_json, file=str(file))
    except UnicodeDecodeError as error:
        _fail("unreadable-file", f"{file}: not UTF-8 at byte {error.start}", as_json=as_json, file=str(file))


def _value(file: Path | None, *, as_json: bool) -> Any:
    """The run's input; an empty object without a file."""
    if file is None:
        return {}
    text = _text(file, as_json=as_json)
    try:
        return values.decode(text)
    except values.ValueRefused:
        pass
    try:
        return read(text, filename=str(file)).value
    except DocumentError as error:
        _fail("invalid-input", str(error), as_json=as_json, file=str(file), errors=error.errors())


def _events(file: Path | None, *, as_json: bool) -> list[dict[str, Any]]:
    if file is None:
        return []
    try:
        return event_files.read(_text(file, as_json=as_json))
    except event_files.BadEvent as error:
        detail = f"{file}:{error.line}: {error.detail}"
        _fail("invalid-events", detail, as_json=as_json, file=str(file), line=error.line)


def _refuse(error: DocumentError, *, as_json: bool) -> NoReturn:
    first = error.violations[0]
    _fail(
        "invalid-workflow",
        str(error),
        as_json=as_json,
        file=error.filename,
        line=first.line,
        column=first.column,
        pointer=first.pointer,
        errors=error.errors(),
    )


def _fail(name: str, detail: str, *, as_json: bool, **members: Any) -> NoReturn:
    """Print problem details (RFC 9457) and end with exit code 2."""
    titles = {
        "invalid-workflow": "The document is no workflow that can run",
        "invalid-input": "The input is neither JSON nor YAML",
        "invalid-events": "A line of the events is no CloudEvent",
        "unreadable-file": "The file cannot be read",
    }
    problem = {"type": BASE + name, "title": titles[name], "status": 422, "detail": detail, **members}
    click.echo(msgspec.json.format(values.encode(problem)).decode(), err=not as_json)
    sys.exit(INVALID)


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        members = {"status": report.status, "output": report.output, "error": report.error, "tasks": report.tasks}
        told = {"emitted": report.emitted} if report.emitted else {}
        click.echo(values.encode(members | told).decode())
        return
    for task in report.tasks:
        click.echo(f"{_MARKS.get(task.status, ' ')} {task.name}  {task.reference}")
    for event in report.emitted:
        click.echo(f"» {event['type']}  {event['source']}")
    click.echo(report.status)
    if report.status == _WAITING:
        click.echo(f"{report.tasks[-1].reference} waits for an event that did not come; give it in a file of --events")
        return
    shown = report.error if report.error is not None else report.output
    click.echo(msgspec.json.format(values.encode(shown)).decode())
