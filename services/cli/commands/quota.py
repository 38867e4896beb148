from __future__ import annotations

from typing import Any, Final

import click

from services.cli.options import Terminal, account_options, api_options

_COLUMNS: Final = ("quota", "limit", "source", "used", "resets_in")
_OPTIONS: Final = {
    "runs_per_minute": "Runs that events may start in a minute.",
    "open_runs": "Runs that may be under way at once.",
    "payload_bytes_per_day": "Bytes of events in a day (UTC).",
}


@click.group()
def command() -> None:
    """How much may be pushed in: into a client's environment, and into all of a partner's together."""


@command.command()
@api_options
def show(terminal: Terminal) -> None:
    """The quotas of an environment, where they come from, and what is used."""
    terminal.table(_items(terminal.run(lambda api: api.get("/quotas"))), *_COLUMNS)


@command.command("set")
@click.option("--runs-per-minute", metavar="N|none", help=_OPTIONS["runs_per_minute"])
@click.option("--open-runs", metavar="N|none", help=_OPTIONS["open_runs"])
@click.option("--payload-bytes-per-day", metavar="N|none", help=_OPTIONS["payload_bytes_per_day"])
@api_options
def set_quotas(terminal: Terminal, /, **given: str | None) -> None:
    """Set quotas of a client's environment, with its partner's key. What is not named stays; `none` takes it away."""
    body = _amounts(given)
    terminal.table(_items(terminal.run(lambda api: api.send("POST", "/quotas", body))), *_COLUMNS)


@command.command("show-partner")
@click.argument("partner")
@account_options
def show_partner(terminal: Terminal, *, partner: str) -> None:
    """The quotas of all of PARTNER's environments together: with the operator's key, or its own."""
    found = terminal.run(lambda api: api.get(f"/partners/{partner}/quotas"))
    terminal.table(_items(found), "quota", "limit", "set_at")


@command.command("set-partner")
@click.argument("partner")
@click.option("--runs-per-minute", metavar="N|none", help=_OPTIONS["runs_per_minute"])
@click.option("--open-runs", metavar="N|none", help=_OPTIONS["open_runs"])
@click.option("--payload-bytes-per-day", metavar="N|none", help=_OPTIONS["payload_bytes_per_day"])
@account_options
def set_partner(terminal: Terminal, *, partner: str, **given: str | None) -> None:
    """Set quotas of all of PARTNER's environments together, with an operator's key."""
    body = _amounts(given)
    found = terminal.run(lambda api: api.send("POST", f"/partners/{partner}/quotas", body))
    terminal.table(_items(found), "quota", "limit", "set_at")


def _amounts(given: dict[str, str | None]) -> dict[str, int | None]:
    """Raises UsageError for what is neither a whole number nor `none`, and where nothing is given."""
    read: dict[str, int | None] = {}
    for name, text in given.items():
        if text is None:
            continue
        if text != "none" and not (text.isascii() and text.isdigit()):
            raise click.UsageError(f"--{name.replace('_', '-')} takes a whole number, or `none`")
        read[name] = None if text == "none" else int(text)
    if not read:
        raise click.UsageError("name a quota to set")
    return read


def _items(answer: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = answer["items"]
    return items
