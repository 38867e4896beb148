from __future__ import annotations

import shutil
from pathlib import Path

import click

from infra import settings
from infra.embedded import user
from infra.embedded.children import reap_orphans
from infra.embedded.home import AlreadyRunning, Home
from services.cli.installation import leftover


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(yes: bool) -> None:  # noqa: FBT001 - click's form
    """Remove all data of this home: database, secrets, key file, logs. There is no way back.

    What lies in `backups/` stays: take the key file away first if its secrets are to be read again. Files that Waybill
    did not make stay too, and so do outside servers, a key file that WAYBILL_KEK_FILE names elsewhere,
    and a Tryton of `make counterparts`.
    """
    home = Home(settings.load().home)
    # Only a folder that we marked as ours: WAYBILL_HOME may point anywhere by mistake.
    if not (home.folder / "VERSION").exists():
        click.echo(f"{home.folder} holds no data of Waybill.")
        return
    if not yes:
        click.confirm(f"Remove all data in {home.folder}, its key file too, and keep its backups?", abort=True)
    try:
        home.lock("reset")
    except AlreadyRunning as error:
        raise click.ClickException(str(error)) from None
    reap_orphans(home)
    for path in leftover(home):
        _remove(path)
    home.unlock()
    if not home.backups.is_symlink() and not any(home.backups.iterdir()):
        home.backups.rmdir()
    kept = sorted(path.name for path in home.folder.iterdir())
    if not kept:
        home.folder.rmdir()
    click.echo(f"Removed the data in {home.folder}." + (f" Left there: {', '.join(kept)}." if kept else ""))


def _remove(path: Path) -> None:
    if path.is_symlink():
        # The one link that we make ourselves leads there (`user.data_parent`); no other is followed.
        if path.resolve().parent == user.SHARED.resolve():
            shutil.rmtree(path.resolve(), ignore_errors=True)
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
