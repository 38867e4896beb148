from __future__ import annotations

from typing import Any

import click

from services.cli.options import Terminal, account_options


@click.group()
def command() -> None:
    """A partner's own domains, with its key: claim, prove, give back."""


@command.command()
@click.argument("domain")
@click.option("--use", type=click.Choice(("portal", "api")), default="portal", show_default=True)
@account_options
def claim(terminal: Terminal, *, domain: str, use: str) -> None:
    """Claim DOMAIN, and say which TXT record proves that it is yours."""
    _show(terminal, terminal.run(lambda api: api.send("POST", "/domains", {"domain": domain, "use": use})))


@command.command("list")
@account_options
def list_domains(terminal: Terminal) -> None:
    """The newest first."""
    terminal.table(
        terminal.run(lambda api: api.pages("/domains")), "domain", "use", "state", "found", "usable_at", "ends_at"
    )


@command.command()
@click.argument("domain")
@account_options
def show(terminal: Terminal, *, domain: str) -> None:
    """What is known of DOMAIN, and the record that proves it."""
    _show(terminal, terminal.run(lambda api: api.get(f"/domains/{domain}")))


@command.command()
@click.argument("domain")
@account_options
def check(terminal: Terminal, *, domain: str) -> None:
    """Look for DOMAIN's proof now."""
    _show(terminal, terminal.run(lambda api: api.send("POST", f"/domains/{domain}/check")))


@command.command()
@click.argument("domain")
@account_options
def release(terminal: Terminal, *, domain: str) -> None:
    """Give DOMAIN back: nothing answers there within five seconds."""
    _show(terminal, terminal.run(lambda api: api.send("POST", f"/domains/{domain}/release")))


def _show(terminal: Terminal, found: Any) -> None:
    proof = found["proof"]
    flat = {name: value for name, value in found.items() if name != "proof"}
    terminal.show({**flat, "record": f"{proof['name']} {proof['type']} {proof['value']}"})
