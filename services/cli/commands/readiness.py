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
    """Whether a client has what templates need, or TEMPLATE alone: connections, parameters, people; and what helps.

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
    for entry in items:
        used = f"  deployed as {', '.join(entry['deployments'])}" if entry["deployments"] else ""
        yield f"{entry['standing']:6} {entry['template']}@{entry['version']}{used}"
        for need in entry["needs"]:
            yield f"  {need['standing']:6} {need['name']}: {need['why']}"
            if need["do"]:
                yield f"         {need['do']}"
            yield from (f"    {_offer(offer)}" for offer in need["offers"])
        yield from (
            f"  {one['standing']:6} parameter {one['name']}: {one['do']}" for one in entry["parameters"] if one["do"]
        )
        for role in entry["roles"]:
            people = f"{role['people']} {'person' if role['people'] == 1 else 'people'}"
            owner = ", process owner" if role["process_owner"] else ""
            yield f"  {role['standing']:6} role {role['role']}{owner}: {role['do'] or people}"


def _offer(offer: dict[str, Any]) -> str:
    kind = "group" if offer["kind"] == "group" else levels.named(offer["connector"], offer["level"] or "")
    bound = f", bound by {', '.join(offer['deployments'])}" if offer["deployments"] else ""
    return f"{offer['standing']:6} {offer['name']} ({kind}{bound}): {offer['why']}"
