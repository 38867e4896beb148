from __future__ import annotations

from typing import Any

import click

from services.cli.options import Terminal, api_options

_COLUMNS = ("customer_class", "ship_date", "cut_off", "runs", "late", "value")


@click.group()
def command() -> None:
    """When more comes than is done: by which order runs are taken, and who waits."""


@command.command()
@api_options
def show(terminal: Terminal) -> None:
    """Whether there is a peak, and what waits in line by customer class, ship date and cut-off."""
    found = terminal.run(lambda api: api.get("/peak"))
    if terminal.as_json:
        terminal.show(found)
        return
    terminal.show({name: found[name] for name in ("on", "since", "rule", "in_line", "late")})
    terminal.table(found["groups"], *_COLUMNS)


@command.command("next")
@api_options
def show_next(terminal: Terminal) -> None:
    """The runs that are served next."""
    found = terminal.run(lambda api: api.get("/peak"))
    terminal.table(found["next"], "run", "business_key", "customer_class", "ship_date", "cut_off", "expected_at")


@command.command("set")
@click.argument("mode", type=click.Choice(["on", "off", "auto"]))
@click.option("--from-runs", type=click.IntRange(1, 100_000), help="In line, by which an automatic peak begins.")
@click.option("--class", "classes", multiple=True, metavar="NAME", help="A customer class; the first one first.")
@click.option("--ship-date-key", metavar="NAME", help="A declared key of runs; '' for none.")
@click.option("--cut-off-key", metavar="NAME", help="A declared key of runs; '' for none.")
@api_options
def set_peak(  # noqa: PLR0913 - one argument an option
    terminal: Terminal,
    *,
    mode: str,
    from_runs: int | None,
    classes: tuple[str, ...],
    ship_date_key: str | None,
    cut_off_key: str | None,
) -> None:
    """Begin a peak, end it, or let it begin by itself. What is not named stays."""

    async def work(api: Any) -> Any:
        rule = {**(await api.get("/peak"))["rule"], "mode": mode}
        given = {"from_runs": from_runs, "customer_classes": list(classes) or None}
        rule |= {name: value for name, value in given.items() if value is not None}
        keys = {"ship_date_key": ship_date_key, "cut_off_key": cut_off_key}
        rule |= {name: value or None for name, value in keys.items() if value is not None}
        return await api.send("PUT", "/peak", rule)

    found = terminal.run(work)
    terminal.show({name: found[name] for name in ("on", "since", "rule", "in_line")})
