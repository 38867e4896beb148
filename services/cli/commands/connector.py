from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import click
import msgspec

from infra import egress
from infra.egress.rules import guard
from infra.encryption.secret import Secret, SecretTooShort
from infra.settings import load
from services.cli.connector_folder import folder_of, refuse, tell
from services.cli.options import pairs, values
from services.connectors import catalogue, levels
from services.connectors.builtin import all_connectors, own_names
from services.connectors.declared import installed, manuscripts
from services.connectors.declared.document import Document
from services.connectors.openapi import beginning
from services.connectors.openapi.reading import NotImported
from services.connectors.sdk.connector import Connector
from services.connectors.trying import cases, standin, starting
from services.connectors.trying.trial import Live, Trial, Verdict
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from template_library.dsl.errors import DocumentError

_PATH = click.argument("path", type=click.Path(path_type=Path))


@click.group()
def command() -> None:
    """Connectors that are data: begin one, check it, run its tests."""


@command.command()
@click.argument("name")
@click.option("--into", "parent", type=click.Path(path_type=Path), default=Path(), help="In which folder; here.")
@click.option("--openapi", "document", type=click.Path(path_type=Path), help="Begin it from an OpenAPI 3 document.")
@click.option("--operation", "chosen", multiple=True, metavar="ID", help="An operationId of it; may be repeated.")
def new(name: str, *, parent: Path, document: Path | None, chosen: tuple[str, ...]) -> None:
    """Write a first version of connector NAME, whose tests pass as they are.

    With --openapi it has the operations of the document that --operation names; what the document cannot say, such as
    what a repeated write does, is told, and stands in the manifest as TO DECIDE.
    """
    if document is None and chosen:
        raise click.UsageError("--operation goes with --openapi")
    if name in own_names():
        refuse(f"the product has a connector named {name}; give yours another name")
    try:
        begun = None if document is None else beginning.begin(document.read_bytes(), name, chosen)
        folder = starting.start(name, parent, None if begun is None else begun.texts)
    except NotImported as error:
        refuse(f"{document}: {error}")
    except starting.NotStarted as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}")
    for note in () if begun is None else begun.notes:
        click.echo(f"To decide: {note}")
    click.echo(f"{folder}\nNext: waybill connector test {folder}")


@command.command()
@_PATH
def check(path: Path) -> None:
    """Look at the manifest in PATH, and at its tests: form, parts, programs. Nothing is sent.

    Exit code 0: nothing is wrong; 1: each mistake is a line with its place; 2: there is no manifest.
    """
    document, found = asyncio.run(_checked(folder_of(path)))
    tests = len(found.tests)
    click.echo(
        f"{document.name} {document.version}: nothing is wrong "
        f"({len(document.operations)} operations, {tests} test{'' if tests == 1 else 's'})"
    )


@command.command()
@_PATH
@click.option("--url", help="A real system's base URL: its health check, and the tests that say `live: true`.")
@click.option("--secret-file", "files", multiple=True, metavar="NAME=FILE", help="A secret in a file; with --url.")
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="A setting; with --url.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def test(path: Path, *, url: str | None, files: tuple[str, ...], given: tuple[str, ...], as_json: bool) -> None:
    """Run the tests of the manifest in PATH against a server that plays what they declare, or against --url.

    Exit code 0: all that ran passed; 1: some did not, or something is wrong with the files; 2: there is no manifest.
    """
    if url is None and (files or given):
        raise click.UsageError("--secret-file and --set go with --url")
    live = None if url is None else Live(url, _secrets(files), values(given, None))
    verdicts = asyncio.run(_tried(folder_of(path), live))
    failed = [one for one in verdicts if one.wrong]
    skipped = [one for one in verdicts if one.skipped]
    if as_json:
        click.echo(msgspec.json.encode(verdicts).decode())
    else:
        for one in verdicts:
            click.echo(f"{'✗' if one.wrong else '-' if one.skipped else '✓'} {one.name}")
            for line in [*one.wrong, *([one.skipped] if one.skipped else [])]:
                click.echo(f"    {line}")
        more = f", {len(skipped)} left out" if skipped else ""
        click.echo(f"{len(verdicts) - len(failed) - len(skipped)} passed, {len(failed)} failed{more}")
    sys.exit(1 if failed else 0)


@command.command()
@_PATH
def install(path: Path) -> None:
    """Release the manifest in PATH for this installation, into the folder of WAYBILL_CONNECTORS.

    It is checked and its tests are run before. A released version does not change. API and workers offer it from their
    next start on. Exit code 1: something is wrong with it; 2: it cannot be put there.
    """
    folder, root = folder_of(path), load().connectors
    if root is None:
        refuse("set WAYBILL_CONNECTORS to the folder of this installation's connectors: docs/operator/connectors.md")
    failed = [one.name for one in asyncio.run(_tried(folder, None)) if one.wrong]
    if failed:
        click.echo(f"{len(failed)} of its tests fail: {', '.join(failed)}. `waybill connector test {path}` says more")
        sys.exit(1)
    try:
        target = installed.install(folder, root, own_names())
    except installed.FolderUnusable as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename} cannot be written: {error.strerror}")
    click.echo(f"{target}\nAPI and workers offer it from their next start on.")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_connectors(*, as_json: bool) -> None:
    """The connectors of the product and of this installation, and how far each is proven."""
    found = catalogue.entries(_offered())
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        click.echo(f"{one.name:28} {one.version:10} {levels.shown(one.certification.level):18} {one.title}")


@command.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(name: str, *, as_json: bool) -> None:
    """What connector NAME can do, needs and is known for, and how far it is proven."""
    found = next((one for one in catalogue.entries(_offered()) if one.name == name), None)
    if found is None:
        refuse(f"there is no connector {name}; `waybill connector list` names those that there are")
    click.echo(msgspec.json.encode(found).decode() if as_json else catalogue.section(found).rstrip())


@command.command()
@_PATH
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: a free one.")
def serve(path: Path, *, port: int) -> None:
    """Be the system that the tests in PATH declare, on this machine, until it is interrupted.

    Prints its address. What comes is answered as the first exchange says whose request it is; all else with 404.
    """
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serving(folder_of(path), port))


async def _checked(folder: Path) -> tuple[Document, cases.Cases]:
    async with ExpressionPool(size=1) as pool:
        return await _read(folder, Expressions(pool))


async def _serving(folder: Path, port: int) -> None:
    _, found = await _checked(folder)
    try:
        async with standin.serving(found, port) as url:
            click.echo(url)
            await asyncio.Event().wait()
    except OSError as error:
        refuse(f"the port {port} cannot be had: {error.strerror}")


async def _tried(folder: Path, live: Live | None) -> list[Verdict]:
    async with ExpressionPool(size=1) as pool, egress.Client(_guard()) as client:
        evaluator = Expressions(pool)
        document, found = await _read(folder, evaluator)
        if not found.tests and live is None:
            refuse(f"{folder} has no {cases.FILE}: docs/integrator/first-connector.md says what stands in it")
        trial = Trial(document, found, evaluator, client)
        return await (trial.played() if live is None else trial.live(live))


async def _read(folder: Path, evaluator: Expressions) -> tuple[Document, cases.Cases]:
    try:
        manuscript, _ = await manuscripts.checked(folder, evaluator)
        return manuscript.document, cases.read(folder, manuscript.document)
    except DocumentError as error:
        tell(error)
    except OSError as error:
        refuse(str(error))


def _offered() -> tuple[Connector, ...]:
    try:
        return all_connectors(folder=load().connectors)
    except installed.FolderUnusable as error:
        refuse(str(error))


def _guard() -> egress.Guard:
    """The operator's rules of the way out, with this machine: the tests' other side is here."""
    return guard(msgspec.structs.replace(load(), egress_loopback=True))


def _secrets(files: tuple[str, ...]) -> dict[str, Secret]:
    found = {}
    for name, file in pairs(files, "NAME=FILE").items():
        try:
            found[name] = Secret(Path(file).read_text(encoding="utf-8").rstrip("\r\n"))
        except OSError as error:
            refuse(f"the secret `{name}`: {file} cannot be read: {error.strerror}")
        except (UnicodeDecodeError, SecretTooShort) as error:
            refuse(f"the secret `{name}`: {file} cannot be taken: {error}")
    return found
