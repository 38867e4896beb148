from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from services.cli.options import Terminal, api_options
from services.cli.printable import printable
from services.connectors import levels


@click.command()
@click.argument("template", required=False)
@api_options
def command(terminal: Terminal, *, template: str | None) -> None:
    """Whether a client has the connections that templates ask for, or TEMPLATE alone: what is missing, what helps.

    green: it can be used; amber: it can, and somebody should look first; red: it cannot.
    """
    only = {} if template is None else {"template": template}
    found = terminal.run(lambda api: api.get("/readiness", **only))
    if terminal.as_json:
        terminal.show(found)
        return
    for line in lines(found["items"]):
        click.echo(printable(line))


def lines(items: list[dict[str, Any]]) -> Iterator[str]:
    """The board for a terminal."""
    if not items:
        yield "There is no such template."
    for one in items:
        used = f"  deployed as {', '.join(one['deployments'])}" if one["deployments"] else ""
        yield f"{one['standing']:6} {one['template']}@{one['version']}{used}"
        for need in one["needs"]:
            yield f"  {need['standing']:6} {need['name']}: {need['why']}"
            if need["do"]:
                yield f"         {need['do']}"
            yield from (f"    {_offer(offer)}" for offer in need["offers"])


def _offer(offer: dict[str, Any]) -> str:
    kind = "group" if offer["kind"] == "group" else levels.named(offer["connector"], offer["level"] or "")
    bound = f", bound by {', '.join(offer['deployments'])}" if offer["deployments"] else ""
    return f"{offer['standing']:6} {offer['name']} ({kind}{bound}): {offer['why']}"
