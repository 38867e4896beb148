from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import click
import msgspec

from infra.database import Database, Scope
from services.cli import direct, key_files
from tenants.identity import accounts
from tenants.identity.accounts import NewAccount, Status
from tenants.identity.models import Account
from tenants.identity.passwords import Passwords
from tenants.identity.permissions import ACCOUNT, ALLOWED, Permission
from tenants.identity.permissions import Scope as KeyScope
from tenants.organizations import service as organizations

_ACTOR = "cli:account"
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_PARTNER = click.option("--partner", required=True, help="Slug or id of the partner.")
_PASSWORD = click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="File with the password; by default one is made and shown once.",
)


@click.group()
def command() -> None:
    """The people who sign in on a partner's portal. With access to the database as the proof of who acts."""


@command.command()
@click.argument("email")
@click.option("--name", required=True, help="Shown to the person and in audit records.")
@_PARTNER
@click.option("--client", required=True, help="Slug or id of the client whose data the account sees.")
@click.option("--environment", type=click.Choice(["dev", "test", "live"]), default="live", show_default=True)
@click.option("--permission", "permissions", multiple=True, metavar="RESOURCE:ACTION", help="In place of the default.")
@_PASSWORD
@key_files.OUT
@_JSON
def create(  # noqa: PLR0913 - one argument an option
    *,
    email: str,
    name: str,
    partner: str,
    client: str,
    environment: str,
    permissions: tuple[str, ...],
    password_file: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """A new account for one client of PARTNER, signing in with EMAIL."""
    key_files.check(out)
    password, wanted = _password(password_file), _permissions(permissions)

    async def work(database: Database) -> Account:
        owner = await direct.partner_of(database, partner)
        async with database.session(Scope.partner(owner.partner_id)) as session:
            found = await organizations.find_client(session, owner.partner_id, client)
            tenant = await organizations.find_tenant(session, found, environment)
        stored = await _hash(password)
        async with database.session(Scope.tenant(tenant.tenant_id)) as session:
            new = NewAccount(
                partner_id=owner.partner_id,
                tenant_id=tenant.tenant_id,
                email=email,
                name=name,
                password_hash=stored,
                permissions=wanted,
            )
            made = await accounts.create(session, new, actor=_ACTOR)
            await session.commit()
        return made

    _show_once(_shown(direct.run(work)), password, out, is_made=password_file is None, as_json=as_json)


@command.command("list")
@_PARTNER
@_JSON
def list_accounts(*, partner: str, as_json: bool) -> None:
    """All accounts of PARTNER's clients, by address."""

    async def work(database: Database) -> list[Account]:
        owner = await direct.partner_of(database, partner)
        async with database.session(Scope.partner(owner.partner_id)) as session:
            return await accounts.list_accounts(session, owner.partner_id)

    found = [_shown(row) for row in direct.run(work)]
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        click.echo(f"{one['status']:8}  {one['email']}  {one['name']}  {one['id']}")


@command.command()
@click.argument("account")
@_PARTNER
@_JSON
def disable(*, account: str, partner: str, as_json: bool) -> None:
    """End ACCOUNT's sessions, within five seconds, and let it sign in no more."""
    direct.show(_shown(_set_status(account, partner, "disabled")), as_json=as_json)


@command.command()
@click.argument("account")
@_PARTNER
@_JSON
def enable(*, account: str, partner: str, as_json: bool) -> None:
    """Let ACCOUNT (address or id) sign in again."""
    direct.show(_shown(_set_status(account, partner, "active")), as_json=as_json)


@command.command()
@click.argument("account")
@_PARTNER
@_PASSWORD
@key_files.OUT
@_JSON
def password(*, account: str, partner: str, password_file: Path | None, out: Path | None, as_json: bool) -> None:
    """Give ACCOUNT (address or id) another password; its sessions end within five seconds."""
    key_files.check(out)
    given = _password(password_file)

    async def work(database: Database) -> Account:
        found = await _find(database, account, partner)
        stored = await _hash(given)
        async with database.session(Scope.tenant(found.tenant_id)) as session:
            await accounts.set_password(session, found, stored, actor=_ACTOR)
            await session.commit()
        return found

    _show_once(_shown(direct.run(work)), given, out, is_made=password_file is None, as_json=as_json)


@command.command()
@click.argument("account")
@_PARTNER
@click.option(
    "--permission", "permissions", multiple=True, metavar="RESOURCE:ACTION", help="One that it has from now on."
)
@click.option("--default", "is_default", is_flag=True, help="Those of an account that was made without --permission.")
@_JSON
def permissions(*, account: str, partner: str, permissions: tuple[str, ...], is_default: bool, as_json: bool) -> None:
    """Give ACCOUNT (address or id) these permissions and no others; its sessions end within five seconds."""
    if bool(permissions) is is_default:
        raise click.UsageError("Name each --permission that it is to have, or use --default.")
    wanted = _permissions(permissions)

    async def work(database: Database) -> Account:
        found = await _find(database, account, partner)
        async with database.session(Scope.tenant(found.tenant_id)) as session:
            await accounts.set_permissions(session, found, wanted, grantable=ALLOWED[KeyScope.CLIENT], actor=_ACTOR)
            await session.commit()
        return await _find(database, account, partner)

    direct.show(_shown(direct.run(work)), as_json=as_json)


def _set_status(account: str, partner: str, status: Status) -> Account:
    async def work(database: Database) -> Account:
        found = await _find(database, account, partner)
        async with database.session(Scope.tenant(found.tenant_id)) as session:
            await accounts.set_status(session, found, status, actor=_ACTOR)
            await session.commit()
        return await _find(database, account, partner)

    return direct.run(work)


async def _find(database: Database, account: str, partner: str) -> Account:
    owner = await direct.partner_of(database, partner)
    async with database.session(Scope.partner(owner.partner_id)) as session:
        return await accounts.find(session, owner.partner_id, account)


async def _hash(given: str) -> str:
    passwords = Passwords()
    try:
        return await passwords.hash(given)
    finally:
        passwords.close()


def _password(file: Path | None) -> str:
    if file is None:
        return secrets.token_urlsafe(18)
    try:
        return file.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise click.UsageError(f"--password-file: {file} cannot be read as text") from None


def _permissions(given: tuple[str, ...]) -> frozenset[Permission]:
    try:
        return frozenset(map(Permission, given)) or ACCOUNT
    except ValueError as error:
        raise click.UsageError(f"--permission: {error}") from None


def _shown(row: Account) -> dict[str, Any]:
    return {
        "id": accounts.shown(row),
        "email": row.email,
        "name": row.name,
        "status": row.status,
        "permissions": sorted(row.permissions),
    }


def _show_once(made: dict[str, Any], given: str, out: Path | None, *, is_made: bool, as_json: bool) -> None:
    if not is_made:
        direct.show(made, as_json=as_json)
    elif out is not None:
        key_files.write(out, given, "password")
        direct.show(made, as_json=as_json)
    else:
        direct.show({**made, "password": given}, as_json=as_json)
        if not as_json:
            click.echo("The password is shown this once. Hand it over where secrets are handed over.", err=True)
