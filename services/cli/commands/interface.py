from __future__ import annotations

from collections.abc import Sequence

import click

from services.cli.options import Terminal, api_options

_KIND = click.Choice(("api", "event", "mapping", "connection"))


@click.group()
def command() -> None:
    """The register of interfaces: what is declared of each, who uses it, and what is wrong with that."""


@command.command("list")
@click.option("--kind", type=_KIND, help="Only of this kind.")
@api_options
def list_interfaces(terminal: Terminal, *, kind: str | None) -> None:
    """Every API, event type, mapping and connection that was declared or is in use."""
    only = {} if kind is None else {"kind": kind}
    found = terminal.run(lambda api: api.get("/interfaces", **only))
    terminal.table(found["items"], "kind", "name", "publisher", "version", "policy", "health", "owner", "findings")


@command.command()
@api_options
def findings(terminal: Terminal) -> None:
    """Consumers that nobody declared, and traffic on versions that are retired or not trusted."""
    found = terminal.run(lambda api: api.get("/interfaces/findings"))
    terminal.table(found["items"], "finding", "kind", "name", "party", "version", "last_at", "owner")


@command.command()
@click.argument("kind", type=_KIND)
@click.argument("name")
@click.option("--publisher", required=True, help="Who answers for what it says.")
@click.option("--version", "trusted", help="The version that is trusted.")
@click.option("--retired", multiple=True, help="A version that may be used no more; repeat it for more.")
@click.option("--consumer", "consumers", multiple=True, help="deployment:NAME or key:key_…; repeat it for more.")
@click.option("--open", "is_open", is_flag=True, help="Anybody may use it.")
@api_options
def declare(  # noqa: PLR0913 - one argument an option
    terminal: Terminal,
    *,
    kind: str,
    name: str,
    publisher: str,
    trusted: str | None,
    retired: Sequence[str],
    consumers: Sequence[str],
    is_open: bool,
) -> None:
    """Say what an interface is, in place of what was said before."""
    body = {
        "kind": kind,
        "name": name,
        "publisher": publisher,
        "version": trusted,
        "retired": list(retired),
        "consumers": list(consumers),
        "policy": "open" if is_open else "declared",
    }
    terminal.show(terminal.run(lambda api: api.send("PUT", "/interfaces", body)))


@command.command()
@click.argument("kind", type=_KIND)
@click.argument("name")
@api_options
def withdraw(terminal: Terminal, *, kind: str, name: str) -> None:
    """Forget what was said of an interface; what was seen of it stays."""
    terminal.run(lambda api: api.send("POST", "/interfaces/withdraw", {"kind": kind, "name": name}))
    click.echo(f"Nothing is declared of {kind} {name}.")
