from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from infra import ids
from infra.database import Database, Scope
from services.cli import direct, key_files
from services.cli.options import Terminal, account_options
from tenants.identity import service
from tenants.identity.permissions import Permission
from tenants.identity.service import Holder, NewKey
from tenants.organizations import service as organizations

_DAY_SECONDS = 24 * 3600
_PARTS = 3
_ONCE = "The key is shown this once. Keep it where secrets are kept."


@click.group()
def command() -> None:
    """API keys. A key's text is shown once, when it is made."""


@command.command()
@click.option("--name", required=True, help="What it is for.")
@click.option("--partner", help="For this partner, by slug or id; an operator's key makes it.")
@click.option("--client", help="For this client, by slug or id; a partner's key makes it.")
@click.option("--environment", help="Of the client; live by default.")
@click.option("--permission", "permissions", multiple=True, metavar="RESOURCE:ACTION", help="In place of the default.")
@click.option(
    "--expires-in", type=click.IntRange(1), metavar="SECONDS", help="By default with the key that makes it, or never."
)
@click.option("--network", "networks", multiple=True, help="From where it may be used, such as 203.0.113.0/24.")
@key_files.OUT
@account_options
def create(  # noqa: PLR0913 - one argument an option
    terminal: Terminal,
    *,
    name: str,
    partner: str | None,
    client: str | None,
    environment: str | None,
    permissions: tuple[str, ...],
    expires_in: int | None,
    networks: tuple[str, ...],
    out: Path | None,
) -> None:
    """A new key: for whom the calling key stands, unless a partner or a client is named."""
    if environment is not None and client is None:
        raise click.UsageError("--environment needs --client")
    given = {
        "partner": partner,
        "client": client,
        "environment": environment or ("live" if client is not None else None),
        "permissions": list(permissions) or None,
        "expires_in": expires_in,
        "networks": list(networks) or None,
    }
    key_files.check(out)
    body = {"name": name, **{field: value for field, value in given.items() if value is not None}}
    _show_once(terminal, terminal.run(lambda api: api.send("POST", "/keys", body)), out)


@command.command()
@click.argument("place", metavar="PARTNER/CLIENT/ENVIRONMENT")
@click.option("--name", required=True, help="What it is for.")
@click.option("--permission", "permissions", multiple=True, metavar="RESOURCE:ACTION", help="In place of the default.")
@key_files.OUT
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def first(*, place: str, name: str, permissions: tuple[str, ...], out: Path | None, as_json: bool) -> None:
    """A client's first key, or one after all were lost, with access to the database as the proof of who acts.

    No key above a client makes one that reads its payloads; the client's own keys and people make the others.
    """
    if len(parts := place.split("/")) != _PARTS or not all(parts):
        raise click.UsageError("name PARTNER/CLIENT/ENVIRONMENT, such as harbor/acme/live")
    try:
        wanted = frozenset(map(Permission, permissions)) or None
    except ValueError as error:
        raise click.UsageError(f"--permission: {error}") from None
    key_files.check(out)
    key_id, text = direct.run(lambda database: make_first(database, place, name, wanted))
    if out is not None:
        key_files.write(out, text)
        direct.show({"id": key_id}, as_json=as_json)
        return
    direct.show({"id": key_id, "key": text}, as_json=as_json)
    if not as_json:
        click.echo(_ONCE, err=True)


async def make_first(
    database: Database, place: str, name: str, permissions: frozenset[Permission] | None = None
) -> tuple[str, str]:
    """The id and the text of a key of `place`, such as `harbor/acme/live`, made by whoever has the database."""
    above, below, environment = place.split("/")
    partner = await direct.partner_of(database, above)
    async with database.session(Scope.partner(partner.partner_id)) as session:
        client = await organizations.find_client(session, partner.partner_id, below)
        tenant = await organizations.find_tenant(session, client, environment)
    holder = Holder(partner_id=partner.partner_id, tenant_id=tenant.tenant_id)
    async with database.session(service.scope_for(holder)) as session:
        new = NewKey(name=name, holder=holder, permissions=permissions)
        made, text = await service.create_first(session, new, actor="cli:key-first")
        await session.commit()
    return ids.show("key", made.key_id), text


@command.command("list")
@click.option("--partner", help="Only of this partner.")
@click.option("--client", help="Only of this client.")
@click.option("--scope", type=click.Choice(["operator", "partner", "client"]))
@account_options
def list_keys(terminal: Terminal, *, partner: str | None, client: str | None, scope: str | None) -> None:
    """The keys that you may manage, the newest first."""
    items = terminal.run(lambda api: api.pages("/keys", partner=partner, client=client, scope=scope))
    terminal.table(items, "name", "scope", "holder", "status", "created_at", "expires_at", "last_used_at", "id")


@command.command()
@click.argument("key_id", metavar="KEY_ID")
@account_options
def show(terminal: Terminal, *, key_id: str) -> None:
    """One key, without its text."""
    terminal.show(terminal.run(lambda api: api.get(f"/keys/{key_id}")))


@command.command()
@click.argument("key_id", metavar="KEY_ID")
@click.option("--overlap", type=click.IntRange(0), default=_DAY_SECONDS, metavar="SECONDS", show_default=True)
@key_files.OUT
@account_options
def rotate(terminal: Terminal, *, key_id: str, overlap: int, out: Path | None) -> None:
    """Make a successor of KEY_ID; the old key still works for the overlap."""
    key_files.check(out)
    body = {"overlap_seconds": overlap}
    _show_once(terminal, terminal.run(lambda api: api.send("POST", f"/keys/{key_id}/rotate", body)), out)


@command.command()
@click.argument("key_id", metavar="KEY_ID")
@account_options
def revoke(terminal: Terminal, *, key_id: str) -> None:
    """End KEY_ID, within five seconds and for ever."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"/keys/{key_id}/revoke")))


command.add_command(revoke, "disable")


def _show_once(terminal: Terminal, made: dict[str, Any], out: Path | None) -> None:
    if out is not None:
        key_files.write(out, made["key"])
        terminal.show({name: value for name, value in made.items() if name != "key"})
        return
    terminal.show(made)
    if not terminal.as_json:
        click.echo(_ONCE, err=True)
