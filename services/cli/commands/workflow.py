"""`waybill workflow`: run or check one document on the author's machine, without any service.

Modules that only some documents need are imported when they are: a small document starts and ends within a second.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import click
import msgspec

from infra import ids
from infra.settings import BadSetting, Settings, load
from services.cli import workflow_forms as forms
from services.cli.secret_file import FileSecrets
from services.cli.workflow_folder import Folder, Missing
from services.engine import values
from services.engine.expressions.checks import check_expressions
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.expressions.protocol import ExpressionsUnavailable
from services.engine.lifecycle import Line, Rendering, Subject
from services.engine.memory import PATIENCE_SECONDS, TENANT, Clock, Report, Skipping, run_workflow
from services.engine.onset import NothingBegins, begin_by
from services.engine.state import RunDescriptor
from services.human_tasks.alone import ALONE
from template_library.dsl import DocumentError, Violation, Workflow, elsewhere, parse
from template_library.dsl.model import HttpCallTask, ProtocolCallTask, RunTask
from template_library.dsl.reader import read

if TYPE_CHECKING:
    from infra.egress import Client

FAULTED: Final = 1


class _Given(msgspec.Struct, frozen=True, kw_only=True):
    """What the options say of one run."""

    text: str
    filename: str
    value: Any
    events: list[dict[str, Any]]
    folder: Path | None
    secrets: FileSecrets
    clock: Clock
    tells: bool


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
    help="JSON Lines of CloudEvents. The first begin the run if its schedule has events and there is no --input; "
    "the others are handed to it, one each time that nothing else can move it.",
)
@click.option(
    "--workflows",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder of the workflows that this one runs; each is found by its namespace, name and version.",
)
@click.option(
    "--secrets", "secret_file", type=click.Path(path_type=Path), help="JSON or YAML: an object by the secrets' names."
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
    folder: Path | None,
    secret_file: Path | None,
    *,
    skip_waits: bool,
    as_json: bool,
    lifecycle: bool,
) -> None:
    """Run the workflow in FILE on this machine.

    The run may call services of this machine. Exit code 0: completed; 1: faulted, cancelled, or waiting for an event
    that no file gave; 2: invalid document, input, events, secrets, or a missing workflow. Texts of secrets are printed
    nowhere.
    """
    if lifecycle and as_json:
        raise click.UsageError("--lifecycle and --json cannot be used together; leave one out")
    settings = _settings()
    text = forms.text_of(file, as_json=as_json)
    _refuse_connections(text, file, settings, as_json=as_json)
    given = _Given(
        text=text,
        filename=str(file),
        value=forms.value_of(input_file, as_json=as_json),
        events=forms.events_of(event_file, as_json=as_json),
        folder=folder,
        secrets=forms.secrets_of(secret_file, as_json=as_json),
        clock=Skipping() if skip_waits else Clock(),
        tells=lifecycle,
    )
    report = _report(given, settings, as_json=as_json)
    if not lifecycle:
        forms.show(report, given.secrets.hide, as_json=as_json)
    sys.exit(0 if report.status == "completed" else FAULTED)


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(file: Path, *, as_json: bool) -> None:
    """Check the workflow in FILE: form, names, expressions. Exit code 0: valid; 2: invalid."""
    text = forms.text_of(file, as_json=as_json)
    try:
        workflow = asyncio.run(_check(text, str(file), _settings()))
    except DocumentError as error:
        forms.refuse(error, as_json=as_json)
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


def _report(given: _Given, settings: Settings, *, as_json: bool) -> Report:
    try:
        return asyncio.run(_run(given, settings))
    except DocumentError as error:
        forms.refuse(error, as_json=as_json)
    except NothingBegins as error:
        forms.fail("no-run-begins", str(error), as_json=as_json, file=given.filename)
    except elsewhere.ElsewhereError as error:
        forms.refuse(_placed(given.text, given.filename, settings, error), as_json=as_json)
    except Missing as error:
        forms.fail("missing-workflow", str(error), as_json=as_json, file=given.filename)
    except ExpressionsUnavailable as error:
        raise click.ClickException(f"no expression can be evaluated on this machine: {error}") from error


async def _run(given: _Given, settings: Settings) -> Report:
    workflow = parse(given.text, filename=given.filename, functions=ALONE, processes=settings.processes)
    nested = {} if given.folder is None else Folder(given.folder, settings.processes).below(workflow)
    whole, run = [workflow, *nested.values()], ids.new()
    async with ExpressionPool(size=1) as pool:
        evaluator = Expressions(pool)
        await check_expressions(workflow, given.text, evaluator, filename=given.filename)
        value, events = await _begun(workflow, given, evaluator)
        by = partial(run_workflow, workflow, value, evaluator=evaluator, run=run, events=events)
        by = partial(by, clock=given.clock, secrets=given.secrets.members, hide=given.secrets.hide)
        if given.tells:
            by = partial(by, noted=_teller(workflow, run, given.secrets.hide))
        tasks = [task for one in whole for task in one.tasks.values()]
        calls = [one for one in tasks if not (isinstance(one, RunTask) and one.workflow)]
        called = {type(task) for task in calls} & {HttpCallTask, ProtocolCallTask, RunTask}
        is_whole = not any(elsewhere.needs(one) for one in whole)
        if is_whole and not called:
            return await by(functions=ALONE, nested=nested)
        from infra.egress import Client, Guard  # noqa: PLC0415 - the HTTP client takes longer to import than most runs

        async with Client(Guard(allow_loopback=True, closed=filter(None, [settings.runner_url]))) as client:
            taken = [] if is_whole else [await _gathered(one, client, settings) for one in whole]
            functions, schemas = _joined(taken)
            by = partial(by, nested=nested | functions, schemas=schemas)
            if is_whole and called == {HttpCallTask}:
                from services.protocols.http_call import HttpCall  # noqa: PLC0415 - likewise, as the other protocols

                return await by(functions={"http": HttpCall(client), **ALONE})
            return await _with_all(by, client, settings)


async def _begun(workflow: Workflow, given: _Given, evaluator: Expressions) -> tuple[Any, list[dict[str, Any]]]:
    """The run's input, and the events that are left for it: the first ones begin it where its schedule has events."""
    on = None if workflow.schedule is None else workflow.schedule.on
    if given.value is not msgspec.UNSET or on is None or not given.events:
        return {} if given.value is msgspec.UNSET else given.value, given.events
    begun = await begin_by(on, given.events, evaluator, RunDescriptor(id="", tenant="", environment="dev"))
    return begun.input, begun.rest


def _teller(workflow: Workflow, run: UUID, hide: Callable[[Any], Any]) -> Callable[[Line], None]:
    """Prints what each line of the run's journal tells."""
    rendering = Rendering(Subject(tenant=TENANT, run=run, definition=workflow.document.identity))

    def tell(line: Line) -> None:
        for event in rendering.events(line):
            click.echo(values.encode(hide(event)).decode())

    return tell


async def _with_all(by: Callable[..., Awaitable[Report]], client: Client, settings: Settings) -> Report:
    """Run with every protocol, and with the operator's runner where one is set."""
    from services.protocols import table  # noqa: PLC0415 - likewise
    from services.protocols.runner import Runner  # noqa: PLC0415

    runner = Runner.of(settings)
    try:
        functions = table.functions(client, runner)
        # A program may take its time; whoever sits in front of the terminal can end it.
        return await by(
            functions={**functions, **ALONE}, patience=PATIENCE_SECONDS + (runner.seconds if runner else 0.0)
        )
    finally:
        if runner is not None:
            await runner.close()


async def _gathered(workflow: Workflow, client: Client, settings: Settings) -> elsewhere.Gathered:
    """What the document takes from elsewhere, as it is now."""
    from services.protocols import elsewhere as others  # noqa: PLC0415 - likewise
    from services.protocols.exchange import Exchange  # noqa: PLC0415
    from services.protocols.resources.fetching import Resources  # noqa: PLC0415

    return await others.gather(workflow, TENANT, Resources(Exchange(client)), settings.processes)


def _joined(taken: Iterable[elsewhere.Gathered]) -> tuple[dict[str, Workflow], dict[str, Any]]:
    """Functions by the name that calls have, schemas by address."""
    functions: dict[str, Workflow] = {}
    schemas: dict[str, Any] = {}
    for one in taken:
        functions |= {name: elsewhere.function(name, text, name) for name, text in one.functions.items()}
        schemas |= one.schemas
    return functions, schemas


def _placed(text: str, filename: str, settings: Settings, error: elsewhere.ElsewhereError) -> DocumentError:
    """Of what could not be had from elsewhere, with the place that names it."""
    workflow = parse(text, filename=filename, functions=ALONE, processes=settings.processes)
    pointer = elsewhere.place(workflow, error.name)
    line, column = read(text, filename=filename).value_at(pointer)
    return DocumentError(filename, [Violation(pointer, line, column, str(error))])


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
        forms.fail("invalid-workflow", detail, as_json=as_json, file=str(file))
