from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from infra import ids
from infra.settings import load
from services.archives import files, large
from services.archives.files import ArchiveDamaged, Manifest
from services.cli.client import Api
from services.cli.options import Terminal, api_options


@click.group()
def command() -> None:
    """Ended runs that were written to files: by the files themselves, without database or API."""


def _folder(function: Any) -> Any:
    words = "Folder of the archives; WAYBILL_ARCHIVE_FOLDER by default."
    function = click.option("--folder", type=click.Path(path_type=Path, file_okay=False, exists=True), help=words)(
        function
    )
    return click.option("--tenant", metavar="TENANT_ID", help="Only of this tenant.")(function)


def _manifests(folder: Path | None, tenant: str | None) -> tuple[Path, list[Manifest]]:
    chosen = folder or load().archive_folder
    if chosen is None:
        raise click.UsageError("Give --folder, or set WAYBILL_ARCHIVE_FOLDER.")
    if tenant is not None:
        try:
            ids.read("ten", tenant)
        except ids.MalformedId:
            raise click.UsageError(f"{tenant[:80]!r} is no id of a tenant, such as ten_…") from None
    try:
        return chosen, files.manifests(chosen, tenant)
    except ArchiveDamaged as error:
        raise click.ClickException(str(error)) from None


@command.command("list")
@_folder
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
def list_archives(*, folder: Path | None, tenant: str | None, as_json: bool) -> None:
    """All files, the oldest first: tenant, month, runs, bytes and place."""
    _, found = _manifests(folder, tenant)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        click.echo(f"{one.tenant}  {one.month}  {one.runs:>6}  {one.size:>12}  {one.file}")


@command.command()
@click.argument("run_id", metavar="RUN_ID")
@_folder
def show(*, run_id: str, folder: Path | None, tenant: str | None) -> None:
    """RUN_ID as it was when it was archived, whole, as JSON. The newest, where a crash left it in two files."""
    chosen, found = _manifests(folder, tenant)
    line = None
    for one in found:
        if one.first <= run_id <= one.last:
            try:
                line = files.find(chosen, one.file, run_id) or line
            except ArchiveDamaged as error:
                click.echo(str(error), err=True)
    if line is None:
        raise click.ClickException(f"No archive in {chosen} holds {run_id[:80]}.")
    for part in large.pieces(line):
        click.echo(bytes(part), nl=False)
    click.echo()


@command.command()
@_folder
def verify(*, folder: Path | None, tenant: str | None) -> None:
    """Read every file whole and compare it with its manifest. Exit code 1 if one is missing or damaged."""
    chosen, found = _manifests(folder, tenant)
    broken = 0
    for one in found:
        try:
            files.verify(chosen, one)
        except ArchiveDamaged as error:
            broken += 1
            click.echo(f"BROKEN {error}")
    runs = sum(one.runs for one in found)
    click.echo(f"{len(found) - broken} of {len(found)} files are whole; they say that they hold {runs} runs.")
    if broken:
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("keep", required=False, metavar="[DURATION]")
@click.option("--deployment", help="Of this deployment, by its name or id; else of all that have none of their own.")
@click.option("--default", "is_default", is_flag=True, help="Keep them for as long as the next one above says.")
@api_options
def retention(terminal: Terminal, *, keep: str | None, deployment: str | None, is_default: bool) -> None:
    """How long ended runs are kept, by deployment; with a DURATION such as P400D or P2Y, change it."""
    if keep is not None and is_default:
        raise click.UsageError("Give a duration or --default.")

    async def work(api: Api) -> Any:
        if keep is None and not is_default:
            return await api.get("/retention")
        of = None if deployment is None else await api.reference("deployments", "dep", deployment)
        return await api.send("POST", "/retention", {"deployment": of, "keep": keep})

    terminal.table(terminal.run(work)["deployments"], "deployment_name", "keep", "source", "deployment")


@command.command()
@click.argument("run_id", metavar="RUN_ID")
@click.option("--reason", required=True, help="Why. It is kept, with who said so.")
@api_options
def keep(terminal: Terminal, *, run_id: str, reason: str) -> None:
    """Keep RUN_ID whatever its age, until it is let go."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"/runs/{run_id}/keep", {"reason": reason})))


@command.command("let-go")
@click.argument("run_id", metavar="RUN_ID")
@api_options
def let_go(terminal: Terminal, *, run_id: str) -> None:
    """Keep RUN_ID no longer than other runs of its deployment."""
    terminal.run(lambda api: api.send("POST", f"/runs/{run_id}/let-go"))
    click.echo(f"{run_id} is kept no longer than others.")
