"""What `waybill workflow` reads and prints: files, problems, what came of a run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

import click
import msgspec

from infra.problems import BASE
from services.cli import event_file as event_files
from services.cli.secret_file import FileSecrets, NoSecrets
from services.engine import values
from services.engine.memory import Report
from template_library.dsl import DocumentError
from template_library.dsl.reader import read

INVALID: Final = 2
_WAITING: Final = "waiting"
_MARKS: Final = {"completed": "✓", "faulted": "✗", "cancelled": "-"}


def text_of(file: Path, *, as_json: bool) -> str:
    """The file's text; `-` is standard input."""
    try:
        return (sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()).decode()
    except OSError as error:
        fail("unreadable-file", f"{file}: {error.strerror}", as_json=as_json, file=str(file))
    except UnicodeDecodeError as error:
        fail("unreadable-file", f"{file}: not UTF-8 at byte {error.start}", as_json=as_json, file=str(file))


def value_of(file: Path | None, *, as_json: bool) -> Any:
    """The run's input; UNSET without a file."""
    return msgspec.UNSET if file is None else _read(file, "invalid-input", as_json=as_json)


def secrets_of(file: Path | None, *, as_json: bool) -> FileSecrets:
    """None without a file."""
    try:
        return FileSecrets({} if file is None else _read(file, "invalid-secrets", as_json=as_json))
    except NoSecrets as error:
        fail("invalid-secrets", f"{file}: {error}", as_json=as_json, file=str(file))


def _read(file: Path, problem: str, *, as_json: bool) -> Any:
    text = text_of(file, as_json=as_json)
    try:
        return values.decode(text)
    except values.ValueRefused:
        pass
    try:
        return read(text, filename=str(file)).value
    except DocumentError as error:
        fail(problem, str(error), as_json=as_json, file=str(file), errors=error.errors())


def events_of(file: Path | None, *, as_json: bool) -> list[dict[str, Any]]:
    """The events of the file, in its order."""
    if file is None:
        return []
    try:
        return event_files.read(text_of(file, as_json=as_json))
    except event_files.BadEvent as error:
        detail = f"{file}:{error.line}: {error.detail}"
        fail("invalid-events", detail, as_json=as_json, file=str(file), line=error.line)


def refuse(error: DocumentError, *, as_json: bool) -> NoReturn:
    """Print what is wrong with the document, and end with exit code 2."""
    first = error.violations[0]
    fail(
        "invalid-workflow",
        str(error),
        as_json=as_json,
        file=error.filename,
        line=first.line,
        column=first.column,
        pointer=first.pointer,
        errors=error.errors(),
    )


def fail(name: str, detail: str, *, as_json: bool, **members: Any) -> NoReturn:
    """Print problem details (RFC 9457) and end with exit code 2."""
    titles = {
        "invalid-workflow": "The document is no workflow that can run",
        "invalid-input": "The input is neither JSON nor YAML",
        "invalid-secrets": "The secrets are neither JSON nor YAML, or no object",
        "missing-workflow": "A workflow that this one runs is not in the folder",
        "invalid-events": "A line of the events is no CloudEvent",
        "no-run-begins": "The workflow's schedule asks for other events",
        "unreadable-file": "The file cannot be read",
    }
    problem = {"type": BASE + name, "title": titles[name], "status": 422, "detail": detail, **members}
    click.echo(msgspec.json.format(values.encode(problem)).decode(), err=not as_json)
    sys.exit(INVALID)


def show(report: Report, hide: Callable[[Any], Any], *, as_json: bool) -> None:
    """Print what came of the run. `hide` takes secrets out of a JSON value."""
    if as_json:
        members = {"status": report.status, "output": report.output, "error": report.error, "tasks": report.tasks}
        told = {"emitted": report.emitted} if report.emitted else {}
        started = {"started": [_started(one) for one in report.started]} if report.started else {}
        whole = values.encode(members | told | started)
        click.echo(values.encode(hide(values.decode(whole, depth=2 * values.DEPTH))).decode())
        return
    for task in report.tasks:
        click.echo(f"{_MARKS.get(task.status, ' ')} {task.name}  {task.reference}")
    for event in hide([event for one in (report, *report.started) for event in one.emitted]):
        click.echo(f"» {event['type']}  {event['source']}")
    for one in report.started:
        click.echo(f"+ {one.workflow}  {one.status}")
    click.echo(report.status)
    if report.status == _WAITING:
        click.echo(f"{report.tasks[-1].reference} waits for an event that did not come; give it in a file of --events")
        return
    shown = report.error if report.error is not None else report.output
    hidden = hide(values.decode(values.encode(shown), depth=2 * values.DEPTH))
    click.echo(msgspec.json.format(values.encode(hidden)).decode())


def _started(report: Report) -> dict[str, Any]:
    told = {"emitted": report.emitted} if report.emitted else {}
    return {
        "workflow": report.workflow,
        "status": report.status,
        "output": report.output,
        "error": report.error,
        **told,
    }
