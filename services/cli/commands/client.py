from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from services.cli.client import Api
from services.cli.options import Terminal, account_options, api_options, fail

_COLUMNS: Final = ("slug", "name", "status", "created_at", "id")
_PARTNER = click.option("--partner", help="Slug or id of the partner, for an operator's key.")


@click.group()
def command() -> None:
    """A partner's clients. Needs a key of the partner or the operator."""


@command.command()
@click.argument("slug")
@click.option("--name", required=True, help="Shown to people.")
@_PARTNER
@account_options
def create(terminal: Terminal, *, slug: str, name: str, partner: str | None) -> None:
    """A new client with its three environments: dev, test and live."""
    body = {"slug": slug, "name": name} | ({} if partner is None else {"partner": partner})
    terminal.show(terminal.run(lambda api: api.send("POST", "/clients", body)))


@command.command("list")
@_PARTNER
@click.option("--status", type=click.Choice(["active", "disabled", "suspended", "deleted"]))
@account_options
def list_clients(terminal: Terminal, *, partner: str | None, status: str | None) -> None:
    """All clients, the newest first."""
    items = terminal.run(lambda api: api.pages("/clients", partner=partner, status=status))
    terminal.table(items, *_COLUMNS, "partner")


@command.command()
@click.argument("client")
@account_options
def show(terminal: Terminal, *, client: str) -> None:
    """CLIENT, by slug or id; an operator names it by its id."""
    terminal.show(terminal.run(lambda api: api.get(f"/clients/{client}")))


@command.command()
@click.argument("client")
@account_options
def disable(terminal: Terminal, *, client: str) -> None:
    """Stop CLIENT's keys, within five seconds."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"/clients/{client}/disable")))


@command.command()
@click.argument("client")
@account_options
def enable(terminal: Terminal, *, client: str) -> None:
    """Let the keys work again."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"/clients/{client}/enable")))


@command.command("add-environment")
@click.argument("client")
@click.argument("environment")
@click.option("--owners-required", is_flag=True, help="As in live: nothing is deployed while an owner is missing.")
@account_options
def add_environment(terminal: Terminal, *, client: str, environment: str, owners_required: bool) -> None:
    """Another ENVIRONMENT of CLIENT beside dev, test and live, with nothing in it."""
    body = {"environment": environment, "owners_required": owners_required}
    terminal.show(terminal.run(lambda api: api.send("POST", f"/clients/{client}/environments", body)))


@command.command()
@click.argument("client")
@click.option("--reason", required=True, help="Shown with the client.")
@account_options
def suspend(terminal: Terminal, *, client: str, reason: str) -> None:
    """Take nothing more in for CLIENT, and let none of its runs go on; its keys may read. Nothing is lost."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"/clients/{client}/suspend", {"reason": reason})))


@command.command()
@click.argument("client")
@account_options
def resume(terminal: Terminal, *, client: str) -> None:
    """Let a suspended CLIENT's runs go on, and take in again."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"/clients/{client}/resume")))


@command.command()
@click.argument("client")
@click.option("--to", "partner", required=True, help="Slug or id of the partner that takes it.")
@click.option(
    "--overlap",
    type=click.IntRange(0, 24 * 3600),
    default=0,
    metavar="SECONDS",
    show_default=True,
    help="For how long its API keys work on.",
)
@account_options
def move(terminal: Terminal, *, client: str, partner: str, overlap: int) -> None:
    """Give CLIENT, by its id, to another partner, with all that it has but its keys. Needs a key of the operator."""
    body = {"partner": partner, "overlap_seconds": overlap}
    terminal.show(terminal.run(lambda api: api.send("POST", f"/clients/{client}/move", body)))


@command.command()
@click.argument("client")
@click.option("--reason", required=True, help="Stands in the certificate.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@account_options
def delete(terminal: Terminal, *, client: str, reason: str, yes: bool) -> None:
    """Delete a suspended CLIENT for good: its keys at once, all else within hours. Export it before."""
    path = f"/clients/{client}/delete"
    seen = terminal.run(lambda api: api.send("POST", path, {"preview": True}))
    shown = seen["client"]
    if not yes:
        places = ", ".join(one["environment"] for one in shown["tenants"])
        click.confirm(f"Delete {shown['name']} ({shown['id']}) with {places}, for good?", abort=True)
    body = {"token": seen["token"], "reason": reason}
    done = terminal.run(lambda api: api.send("POST", path, body))
    terminal.show(done["certificate"])


@command.command()
@click.argument("client")
@account_options
def certificate(terminal: Terminal, *, client: str) -> None:
    """What was destroyed, removed and kept of a deleted CLIENT, by its id; signed once all is done."""
    terminal.show(terminal.run(lambda api: api.get(f"/clients/{client}/certificate")))


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--preview", is_flag=True, help="Only say what would become of each row.")
@account_options
def onboard(terminal: Terminal, *, file: Path, preview: bool) -> None:
    """Create or complete the clients of FILE (CSV), with a result for each row. Safe to repeat."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read as UTF-8: {error}")

    async def work(api: Api) -> Any:
        seen = await api.send("POST", "/onboarding", {"csv": text, "preview": True})
        return seen if preview else await api.send("POST", "/onboarding", {"csv": text, "token": seen["token"]})

    found = terminal.run(work)
    terminal.table(found["rows"], "line", "slug", "outcome", "client", "detail")
    if found["counts"].get("refused"):
        fail(f"{found['counts']['refused']} of {len(found['rows'])} rows were refused")


@command.command()
@click.option("--environment", help="Only those of this name.")
@click.option("--troubled", is_flag=True, help="Only where an exception is open or a connection is away.")
@_PARTNER
@account_options
def fleet(terminal: Terminal, *, environment: str | None, troubled: bool, partner: str | None) -> None:
    """All clients at a glance, by environment."""
    only = "troubled" if troubled else None
    items = terminal.run(lambda api: api.pages("/fleet", environment=environment, only=only, partner=partner))
    terminal.table(
        items, "slug", "environment", "status", "open_runs", "faulted_runs", "exceptions", "outages", "counted_at"
    )


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@api_options
def export(terminal: Terminal, *, file: Path) -> None:
    """Everything that the key's environment has, as one ZIP in FILE. Needs a key of the client itself."""
    if file.exists():
        fail(f"{file} is there already; name another file")
    try:
        size = terminal.run(lambda api: api.download("/export", file))
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}")
    click.echo(f"{file}: {size} bytes")
