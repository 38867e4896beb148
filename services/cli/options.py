"""What the commands that speak to the API have in common: whose key, which client, and how an answer is printed."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar

import click
import msgspec

from services.cli.client import Account, Api, NotAnswered, Problem, account
from services.cli.printable import printable

P = ParamSpec("P")
T = TypeVar("T")


class Terminal(msgspec.Struct, frozen=True):
    """Whom a command speaks for, and whether it prints JSON."""

    account: Account
    as_json: bool

    def run(self, work: Callable[[Api], Awaitable[T]]) -> T:
        """Do `work` with the API; a refusal ends the command with exit code 1 and its words."""

        async def with_api() -> T:
            async with Api(self.account) as api:
                return await work(api)

        try:
            return asyncio.run(with_api())
        except Problem as problem:
            if self.as_json:
                click.echo(msgspec.json.encode(problem.document).decode())
            fail(*problem.lines())
        except NotAnswered as error:
            fail(str(error))

    def show(self, value: Mapping[str, Any]) -> None:
        """One thing: JSON, or a line for each member."""
        if self.as_json:
            click.echo(msgspec.json.encode(value).decode())
            return
        width = max(len(name) for name in value)
        for name, member in value.items():
            text = member if isinstance(member, str) else msgspec.json.encode(member).decode()
            click.echo(f"{name:{width}}  {printable(text)}")

    def table(self, items: Sequence[Mapping[str, Any]], *columns: str) -> None:
        """A list: JSON, or a line for each item; a column may lead inside with dots (`workflow.name`)."""
        if self.as_json:
            click.echo(msgspec.json.encode(items).decode())
            return
        click.echo("\n".join(_lines(items, columns)))

    def preview(self, seen: Mapping[str, Any], member: str, *columns: str) -> None:
        """What would be done to many: JSON, or a table of the first ones, and how it is done."""
        if self.as_json:
            click.echo(msgspec.json.encode(seen).decode())
            return
        click.echo("\n".join(previewed(seen, member, *columns)))
        if seen["token"] is not None:
            click.echo(
                f"\nNothing is done yet. The same command does it for exactly these with\n--token {seen['token']}"
            )


def previewed(seen: Mapping[str, Any], member: str, *columns: str) -> list[str]:
    """Lines of what a preview found: how many, and a table of those in `member`, the oldest first."""
    some = seen[member]
    head = f"{seen['count']} found; {seen['covered']} at once, the oldest first:" if some else "None is found."
    more = [f"and {seen['covered'] - len(some)} more"] if seen["covered"] > len(some) else []
    return [head, *(_lines(some, columns) if some else []), *more]


def key_of(text: str, option: str) -> tuple[str, str]:
    """Name and value of a run's key in `text`, given to `option` as `NAME=VALUE`."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise click.UsageError(f"{option} takes NAME=VALUE, such as orderNumber=SO-4711")
    return name, value


def fail(*lines: str) -> NoReturn:
    """End with exit code 1."""
    click.echo("\n".join(printable(line) for line in ["Error: " + lines[0], *lines[1:]]), err=True)
    sys.exit(1)


def account_options(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command that is about no tenant the options of the API, and a `Terminal` as its first argument."""

    @click.option("--key", help="API key. WAYBILL_API_KEY or --key-file keep it out of the process list.")
    @click.option("--key-file", type=click.Path(path_type=Path), help="File with the API key.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @functools.wraps(command)
    def wrapped(*arguments: Any, key: str | None, key_file: Path | None, as_json: bool, **rest: Any) -> T:
        try:
            given = key_file.read_text(encoding="ascii").strip() if key_file is not None else key
            if key_file is not None and len((given or "").split()) != 1:
                fail(f"{key_file} holds no API key")
            known = account(key=given)
        except NotAnswered as error:
            fail(str(error))
        except OSError as error:
            fail(f"the key file {key_file} cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            fail(f"{key_file} holds no API key")
        return command(Terminal(known, as_json), *arguments, **rest)

    return wrapped


def api_options(command: Callable[Concatenate[Terminal, P], T]) -> Callable[..., T]:
    """Give a command about a tenant the options of the API, and a `Terminal` as its first argument."""

    @click.option("--client", help="The client, for a key above it.")
    @click.option("--environment", default="live", show_default=True)
    @account_options
    @functools.wraps(command)
    def wrapped(terminal: Terminal, *arguments: Any, client: str | None, environment: str, **rest: Any) -> T:
        tenant = f"{client}/{environment}" if client else ""
        known = msgspec.structs.replace(terminal.account, tenant=tenant)
        return command(msgspec.structs.replace(terminal, account=known), *arguments, **rest)

    return wrapped


def pairs(given: Sequence[str], form: str = "NAME=VALUE") -> dict[str, str]:
    """`NAME=VALUE` texts as a dictionary; anything else is wrong use."""
    read = {}
    for text in given:
        name, mark, value = text.partition("=")
        if not mark or not name:
            raise click.UsageError(f"`{text[:80]}` is not of the form {form}")
        read[name] = value
    return read


def values(given: Sequence[str], file: Path | None) -> dict[str, Any]:
    """The JSON object in `file`, overlaid with `NAME=VALUE` texts; a VALUE that is JSON is read as such."""
    found: dict[str, Any] = {}
    if file is not None:
        try:
            found = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
        except OSError as error:
            raise click.UsageError(f"{file} cannot be read: {error.strerror}") from None
        except msgspec.MsgspecError as error:
            raise click.UsageError(f"{file} holds no JSON object: {error}") from None
    for name, text in pairs(given).items():
        try:
            found[name] = msgspec.json.decode(text)
        except msgspec.DecodeError:
            found[name] = text
    return found


def _cell(item: Mapping[str, Any], column: str) -> str:
    value: Any = item
    for step in column.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return "" if value is None else printable(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def _lines(items: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[str]:
    lines = [list(columns), *([_cell(item, column) for column in columns] for item in items)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
