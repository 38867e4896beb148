from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from infra.settings import load
from services.cli.options import Terminal, api_options, fail
from services.connectors.builtin import all_connectors
from template_library.dsl import DocumentError, parse
from template_library.policies import paths, tasks
from template_library.policies.capabilities import ANYTHING, GUARDED, Access, Domain, capabilities
from template_library.policies.rules import Rule, mistakes

T = TypeVar("T")
_COLUMNS: Final = ("level", "rule", "domains", "undeclared", "reason", "version")
_STRICT: Final = Rule(name="money-needs-approval", domains=GUARDED)


@click.group()
def command() -> None:
    """Rules on what workflows may write: operator, partner, client. What is set above holds below."""


def _place(function: Callable[..., T]) -> Callable[..., T]:
    """Whose policy: what holds in the environment, unless a level is named."""
    for option in (
        click.option("--all-environments", is_flag=True, help="Of the client, for all its environments."),
        click.option("--partner", help="Of the partner: its own slug or id."),
        click.option("--operator", is_flag=True, help="Of the operator."),
    ):
        function = option(function)
    return function


@command.command()
@_place
@api_options
def show(terminal: Terminal, /, **place: Any) -> None:
    """What holds, and who has set it."""
    terminal, path = _at(terminal, **place)
    _table(terminal, terminal.run(lambda api: api.get(path)))


@command.command("set")
@click.argument("file", type=click.Path(path_type=Path))
@_place
@api_options
def set_rules(terminal: Terminal, /, *, file: Path, **place: Any) -> None:
    """Set all rules of a level, from FILE: JSON with the member `rules`, and of a partner `leaves_open`."""
    terminal, path = _at(terminal, **place)
    if path == "/policy":
        raise click.UsageError("name whose policy it is: --operator, --partner or --all-environments")
    given = msgspec.to_builtins(_given(file))
    _table(terminal, terminal.run(lambda api: api.send("PUT", path, given)))


@command.command()
@click.argument("document", type=click.Path(path_type=Path))
@click.option(
    "--rules", type=click.Path(path_type=Path), help="JSON with the member `rules`; else money and liability."
)
def check(document: Path, rules: Path | None) -> None:
    """Look whether the workflow in DOCUMENT keeps rules, without any service. Each path that breaks one is named."""
    held = [_STRICT] if rules is None else _given(rules).rules
    try:
        workflow = parse(_read(document), filename=str(document))
    except DocumentError as error:
        fail(str(error))
    known = _operations()
    broken = paths.violations(
        {"": workflow}, lambda task: tasks.of_task(task, lambda _, operation: known.get(operation)), held
    )
    if broken:
        fail(f"{len(broken)} writes lack an approval", *(str(one) for one in broken))
    click.echo(
        f"Kept: {', '.join(one.name for one in held)}. Workflows that it runs are looked at when it is deployed."
    )


@command.command("operations")
def operations() -> None:
    """What the operations of the built-in connectors may write."""
    for connector in all_connectors(folder=load().connectors):
        for one in connector.manifest.operations:
            click.echo(f"{connector.manifest.name}  {one.name}  {' '.join(capabilities(one.access.writes))}")


def _operations() -> dict[str, Access]:
    known: dict[str, Access] = {}
    for connector in all_connectors(folder=load().connectors):
        for one in connector.manifest.operations:
            is_same = known.get(one.name, one.access) == one.access
            known[one.name] = one.access if is_same else Access(writes=ANYTHING)
    return known


class _Given(msgspec.Struct, forbid_unknown_fields=True):
    rules: list[Rule]
    leaves_open: list[Domain] | msgspec.UnsetType = msgspec.UNSET


def _given(file: Path) -> _Given:
    try:
        found = msgspec.json.decode(_read(file), type=_Given)
    except msgspec.MsgspecError as error:
        raise click.UsageError(f"{file} holds no rules: {error}") from None
    wrong = mistakes(found.rules)
    if wrong:
        raise click.UsageError("; ".join(f"/rules{one.pointer}: {one.detail}" for one in wrong))
    return found


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}") from None


def _table(terminal: Terminal, answer: Any) -> None:
    rows = [
        {
            "level": one["level"],
            "rule": rule["name"],
            "domains": ", ".join(rule["domains"]),
            "undeclared": rule["undeclared"],
            "reason": rule["reason"],
            "version": one["version"] or "shipped",
        }
        for one in (*answer["inherited"], answer)
        for rule in one["rules"]
    ]
    terminal.table(rows, *_COLUMNS)


def _at(terminal: Terminal, *, all_environments: bool, partner: str | None, operator: bool) -> tuple[Terminal, str]:
    if sum((all_environments, partner is not None, operator)) > 1:
        raise click.UsageError("name one level")
    if not (all_environments or partner or operator):
        return terminal, "/policy"
    client = terminal.account.tenant.partition("/")[0]
    above = msgspec.structs.replace(terminal, account=msgspec.structs.replace(terminal.account, tenant=""))
    if operator:
        return above, "/operator/policy"
    if partner is not None:
        return above, f"/partners/{partner}/policy"
    if not client:
        raise click.UsageError("--all-environments goes with --client")
    return above, f"/clients/{client}/policy"
