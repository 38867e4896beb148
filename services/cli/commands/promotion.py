from __future__ import annotations

from typing import Any, Final

import click

from services.cli.bound import bindings
from services.cli.client import Api
from services.cli.options import Terminal, api_options, pairs, values

_COLUMNS: Final = ("id", "name", "environment", "workflow.version", "status", "proposed_by")
_STATUS: Final = click.Choice(("proposed", "approved", "refused", "withdrawn"))


@click.group()
def command() -> None:
    """What runs in one environment of a client and is to run in another; a second person says yes, in the portal."""


@command.command()
@click.argument("deployment")
@click.option("--from", "source", required=True, metavar="ENVIRONMENT", help="Where it runs now, such as test.")
@click.option("--bind", multiple=True, metavar="NAME=CONNECTION", help="Where names differ; or group:NAME.")
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="A parameter that is to differ.")
@click.option("--note", help="Why; for who decides.")
@api_options
def propose(  # noqa: PLR0913 - one argument an option
    terminal: Terminal, *, deployment: str, source: str, bind: tuple[str, ...], given: tuple[str, ...], note: str | None
) -> None:
    """Propose that DEPLOYMENT, by its name, runs in --environment as it does in --from.

    It is tried on the spot: what does not fit there is refused with every reason.
    """
    body: dict[str, Any] = {"from": {"environment": source, "deployment": deployment}}
    body |= {} if note is None else {"note": note}
    bound, parameters = pairs(bind, "NAME=CONNECTION"), values(given, None)

    async def work(api: Api) -> Any:
        return await api.send(
            "POST", "/promotions", {**body, "parameters": parameters, "bindings": await bindings(api, bound)}
        )

    terminal.show(terminal.run(work))


@command.command("list")
@click.option("--status", type=_STATUS)
@api_options
def list_promotions(terminal: Terminal, *, status: str | None) -> None:
    """All of an environment, the newest first."""
    terminal.table(terminal.run(lambda api: api.pages("/promotions", status=status)), *_COLUMNS)


@command.command()
@click.argument("promotion")
@api_options
def show(terminal: Terminal, *, promotion: str) -> None:
    """One, by its id: what is to run, and what was said to it."""
    terminal.show(terminal.run(lambda api: api.get(f"/promotions/{promotion}")))


@command.command()
@click.argument("promotion")
@click.option("--note", required=True, help="Why.")
@api_options
def refuse(terminal: Terminal, *, promotion: str, note: str) -> None:
    """Say no to PROMOTION. It stays to be read, and runs nothing."""
    _close(terminal, promotion, "refuse", note)


@command.command()
@click.argument("promotion")
@click.option("--note", required=True, help="Why.")
@api_options
def withdraw(terminal: Terminal, *, promotion: str, note: str) -> None:
    """Take PROMOTION back before anybody has decided."""
    _close(terminal, promotion, "withdraw", note)


def _close(terminal: Terminal, promotion: str, act: str, note: str) -> None:
    terminal.show(terminal.run(lambda api: api.send("POST", f"/promotions/{promotion}/{act}", {"note": note})))
