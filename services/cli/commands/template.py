from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import NoReturn

import click
import msgspec

from template_library import catalog, declared, manifest
from template_library.catalog import Package, UnknownTemplate
from template_library.dsl import DocumentError
from template_library.scenarios import MalformedScenario

INVALID = 2


@click.group()
def command() -> None:
    """The workflow templates of this installation."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_templates(*, as_json: bool) -> None:
    """Every version of every template."""
    packages = catalog.builtin().packages()
    if as_json:
        click.echo(msgspec.json.encode([package.manifest for package in packages]).decode())
        return
    for package in packages:
        click.echo(f"{package.manifest.name:24} {package.manifest.version:10} {package.manifest.title}")


@command.command()
@click.argument("name")
@click.option("--version", help="Absent: the newest that is no pre-release.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(name: str, version: str | None, *, as_json: bool) -> None:
    """What template NAME does, needs and lets you set."""
    package = _find(name, version)
    described = package.manifest
    if as_json:
        members = {**msgspec.to_builtins(described), "parameters": package.parameters}
        click.echo(msgspec.json.encode(members).decode())
        return
    click.echo(f"{described.title}  ({package.reference})\n\n{described.summary}\n\nConnections")
    for alias, need in described.connections.items():
        click.echo(f"  {alias}: {', '.join(need.operations)}")
    click.echo("\nParameters")
    for field, rule in package.parameters.get("properties", {}).items():
        default = msgspec.json.encode(rule.get("default")).decode()
        click.echo(f"  {field} = {default}\n      {rule.get('description', '')}")


@command.command()
@click.argument("name")
@click.option("--version", help="Absent: the newest that is no pre-release.")
def document(name: str, version: str | None) -> None:
    """Print the workflow of template NAME, or of the package in folder NAME, with its forms and runbooks in it."""
    click.echo(declared.document(_find(name, version)), nl=False)


@command.command()
@click.argument("name")
@click.option("--version", help="Absent: the newest that is no pre-release.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def test(name: str, version: str | None, *, as_json: bool) -> None:
    """Run the scenarios of template NAME, or of the package in folder NAME, against simulators on this machine.

    Exit code 0: all passed; 1: some did not; 2: the package cannot be read.
    """
    # The simulators and the connectors take longer to import than the other verbs to run.
    from services.rehearsals.rehearsing import run_package  # noqa: PLC0415

    package = _find(name, version)
    try:
        verdicts = asyncio.run(run_package(package))
    except (DocumentError, MalformedScenario) as error:
        _refuse(str(error))
    failed = [verdict for verdict in verdicts if verdict.wrong]
    if as_json:
        click.echo(msgspec.json.encode(verdicts).decode())
    else:
        for verdict in verdicts:
            click.echo(f"{'✗' if verdict.wrong else '✓'} {verdict.name}")
            for line in verdict.wrong:
                click.echo(f"    {line}")
        click.echo(f"{package.reference}: {len(verdicts) - len(failed)} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


def _find(name: str, version: str | None) -> Package:
    try:
        if "/" in name or Path(name).is_dir():
            if not Path(name).is_dir():
                _refuse(f"there is no folder {name}")
            return catalog.load(Path(name).resolve())
        return catalog.builtin().find(name, version)
    except OSError as error:
        _refuse(f"{error.filename}: {error.strerror}; a package needs this file")
    except (UnknownTemplate, manifest.MalformedManifest, DocumentError, ValueError) as error:
        _refuse(str(error))


def _refuse(words: str) -> NoReturn:
    click.echo(f"Error: {words}", err=True)
    sys.exit(INVALID)
