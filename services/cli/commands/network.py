from __future__ import annotations

import click

from services.cli.options import Terminal, account_options

_PATH = "/operator/private-networks"
_ENVIRONMENT = click.option("--environment", default="live", show_default=True, help="Of the client.")


@click.group()
def command() -> None:
    """Private networks that a client's calls may reach. Needs an operator's key."""


@command.command("list")
@account_options
def list_networks(terminal: Terminal) -> None:
    """What is open, to whom, and why. What the settings open to everybody is not among it."""
    items = terminal.run(lambda api: api.get(_PATH))["items"]
    terminal.table(items, "tenant", "network", "reason", "opened_by", "opened_at")


@command.command("open")
@click.argument("client")
@click.argument("network")
@click.option("--reason", required=True, help="Why; it is in the audit.")
@_ENVIRONMENT
@account_options
def open_network(terminal: Terminal, *, client: str, network: str, reason: str, environment: str) -> None:
    """Open NETWORK, such as 10.20.0.0/16, to one environment of CLIENT, by id. Within seconds."""
    body = {"client": client, "environment": environment, "network": network, "reason": reason}
    terminal.show(terminal.run(lambda api: api.send("POST", _PATH, body)))


@command.command()
@click.argument("client")
@click.argument("network")
@_ENVIRONMENT
@account_options
def close(terminal: Terminal, *, client: str, network: str, environment: str) -> None:
    """Close NETWORK again. A call that is under way comes to its end."""
    body = {"client": client, "environment": environment, "network": network}
    terminal.run(lambda api: api.send("POST", f"{_PATH}/close", body))
    terminal.show({"network": network, "state": "closed"})
