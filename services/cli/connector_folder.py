"""The folder of a connector that a command is given, and its mistakes as lines on a screen."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from infra.settings import Settings
from services.connectors.builtin import own_names
from services.connectors.declared import installed, library
from services.connectors.declared.installed import FolderUnusable
from services.connectors.declared.reading import FILE
from template_library.dsl.errors import DocumentError

INVALID = 2


def folder_of(path: Path) -> Path:
    """The folder of one version: PATH itself, that of its manifest, or the newest below the connector's folder."""
    path = path.resolve()
    if path.name == FILE and path.is_file():
        return path.parent
    if (path / FILE).is_file():
        return path
    if not any(path.glob(f"*/{FILE}")):
        refuse(f"{path} has no {FILE}; name the folder of a version, such as sample-shop/1.0.0")
    try:
        return library.newest(path)
    except ValueError as error:
        refuse(f"{path}: {error}")


def unusable(settings: Settings) -> str:
    """Why the installation's own connectors cannot be offered, and what helps; empty: they can, or there are none."""
    if settings.connectors is None:
        return ""
    try:
        installed.documents(settings.connectors, own_names())
    except FolderUnusable as error:
        return str(error)
    return ""


def tell(error: DocumentError) -> NoReturn:
    """Each mistake with its place in the file, and what to do."""
    for one in error.violations:
        place = f"  ({one.pointer})" if one.pointer else ""
        click.echo(f"{error.filename}:{one.line}:{one.column}: {one.message}{place}")
    count = len(error.violations)
    click.echo(f"{count} mistake{'' if count == 1 else 's'}")
    sys.exit(1)


def refuse(words: str) -> NoReturn:
    click.echo(f"Error: {words}", err=True)
    sys.exit(INVALID)
