"""The keys behind stored secrets: who wraps them, and how another takes its place (docs/operator/keys.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click
import msgspec

from infra import ids
from infra.database import Database, Scope
from infra.encryption.key_file import create_kek_file, kek_id, read_kek_file
from infra.encryption.key_provider import FileKeyProvider
from infra.encryption.public_file import write_public_file
from infra.encryption.voucher import Voucher
from infra.key_services import choosing
from infra.settings import load
from services.cli import direct, resealing, running
from services.cli.sealed_columns import BY_TENANTS
from tenants.audit import service as audit
from tenants.connections import rewrapping, rotation
from tenants.connections.rewrapping import Rewrapped
from tenants.connections.sealing import Sealer

_ACTOR: Final = "cli:secrets"
_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@click.group()
def command() -> None:
    """The keys behind stored secrets; access to key files and database is the proof of who acts."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(*, as_json: bool) -> None:
    """Which keys wrap what, and whether they are here. Exit code 1 if one is not."""
    settings = running.completed(load())
    here = choosing.opening(settings).ids | FileKeyProvider(settings.service_key, settings.service_old_files).ids
    found = direct.run(rewrapping.wrappings, as_worker=True)
    shown = [
        {"key": one.id.hex(), "provider": one.provider, "wraps": one.kind, "things": one.things, "here": one.id in here}
        for one in found
    ]
    if as_json:
        click.echo(msgspec.json.encode(shown).decode())
    for one in [] if as_json else shown:
        click.echo(f"{one['key']}  {one['provider']:<8} {one['things']:>8} x {one['wraps']}{_absent(one['here'])}")
    if not all(one["here"] for one in shown):
        raise SystemExit(1)


@command.command()
@click.argument("file", type=_FILE)
def new(file: Path) -> None:
    """Make a key-encryption key in FILE (mode 0600), and its public half in FILE.pub."""
    try:
        create_kek_file(file)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already; it is never overwritten") from None
    _publish(file, _beside(file))
    click.echo(f"Written: {file} and {_beside(file)}. Back the first one up, apart from the database.")


@command.command()
@click.option("--out", type=_FILE, help="Else the key file's name with .pub.")
def public(out: Path | None) -> None:
    """Write the public half of the key-encryption key, for an API that is to seal and not to open."""
    file = load().kek_file
    _publish(file, out or _beside(file))
    click.echo(f"Written: {out or _beside(file)}. Give it to the API as WAYBILL_KEK_PUBLIC_FILE.")


@command.command()
def rewrap() -> None:
    """Have the present key wrap what others wrapped. May be broken off, repeated, and run while everything works."""
    settings = running.completed(load())

    async def work(worker: Database) -> tuple[Rewrapped, int, int]:
        keys, service = choosing.opening(settings), FileKeyProvider(settings.service_key, settings.service_old_files)
        try:
            done = await rewrapping.rewrap(worker, keys, lambda changed: click.echo(f"{changed} keys", err=True))
            others = [await resealing.reseal(worker, keys, "kek"), await resealing.reseal(worker, service, "service")]
        finally:
            await keys.close()
        return done, sum(one.changed for one in others), sum(one.unreadable for one in others)

    done, sealed, closed = direct.run(work, as_worker=True)
    told = {"keys": done.changed, "sealed": sealed}
    direct.run(lambda app: _note(app, "keys.rewrapped", "installation", told))
    click.echo(f"{done.changed} tenants' keys wrapped anew, {sealed} other values sealed anew.")
    if done.unreadable or closed:
        names = ", ".join(f"{ids.show('ten', tenant)} version {version}" for tenant, version in done.unreadable[:10])
        raise click.ClickException(
            f"{len(done.unreadable) + closed} do not open with the keys that are here, and are left as they were"
            + (f": {names}" if names else "")
        )


@command.command()
@click.argument("tenants", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Every environment of every client.")
def rotate(*, tenants: tuple[str, ...], is_all: bool) -> None:
    """Give TENANTS (ten_…) another key and seal their secrets to it. May be repeated; workers notice nothing."""
    if bool(tenants) == is_all:
        raise click.UsageError("Name environments, or --all")
    settings = running.completed(load())

    async def work(app: Database) -> list[str]:
        keys = choosing.opening(settings)
        worker = await Database(settings.worker_database_url, pool_size=1).open()
        try:
            sealer = Sealer(keys, Voucher.of_file(settings.service_key))
            told = []
            for tenant in await _chosen(app, tenants):
                done = await rotation.rotate(app, worker, sealer, tenant, BY_TENANTS, actor=_ACTOR)
                told.append(f"{ids.show('ten', tenant)}: version {done.version}, {done.sealed} secrets sealed anew")
            return told
        finally:
            await worker.close()
            await keys.close()

    for line in direct.run(work):
        click.echo(line)


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--yes", is_flag=True, help="Do not ask.")
def retire(*, file: Path, yes: bool) -> None:
    """Remove the key file FILE, once nothing needs it any more; refused while anything does."""
    settings = running.completed(load())
    if file.resolve() in {settings.kek_file.resolve(), settings.service_key.resolve()}:
        raise click.ClickException(f"{file} is the key that is used now")
    own = kek_id(read_kek_file(file))
    needing = [one for one in direct.run(rewrapping.wrappings, as_worker=True) if one.id == own]
    if needing:
        counted = ", ".join(f"{one.things} x {one.kind}" for one in needing)
        raise click.ClickException(f"{file} may not go: it wraps {counted}. First `waybill secrets rewrap`.")
    if not yes:
        click.confirm(f"Remove {file}? Backups of before the rewrapping need it", abort=True)
    # Told first: once it is gone nobody could say which it was.
    direct.run(lambda app: _note(app, "key-file.retired", own.hex(), {"file": file.name}))
    file.unlink()
    _beside(file).unlink(missing_ok=True)
    click.echo(f"{file} is gone. Take it out of WAYBILL_KEK_OLD_FILES, or WAYBILL_SERVICE_KEY_OLD_FILES.")


def _publish(file: Path, out: Path) -> None:
    write_public_file(file, out)


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.pub")


def _absent(is_here: object) -> str:
    return "" if is_here else "  NOT HERE"


async def _chosen(app: Database, tenants: tuple[str, ...]) -> list[ids.TenantId]:
    if tenants:
        return [ids.TenantId(ids.read("ten", one)) for one in tenants]
    return await rotation.everybody(app)


async def _note(app: Database, action: str, target: str, after: dict[str, Any]) -> None:
    async with app.session(Scope.operator()) as session:
        await audit.record(session, actor=_ACTOR, action=action, target=target, after=after)
        await session.commit()
