from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import click
import msgspec

from infra.database import Database, Scope
from services.cli import direct, key_files
from tenants.identity import accounts, people, second_factors
from tenants.identity.accounts import NewAccount, Status
from tenants.identity.models import Account
from tenants.identity.passwords import Passwords
from tenants.identity.people import Person
from tenants.identity.permissions import ACCOUNT, ALLOWED, Permission
from tenants.organizations import service as organizations

_ACTOR = "cli:account"
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_PARTNER = click.option("--partner", required=True, help="Slug or id of the partner.")
_PASSWORD = click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="File with the password; by default one is made and shown once.",
)


class _Whose(msgspec.Struct, frozen=True):
    """For whom an account is made: a partner, or one of its clients, and its role there."""

    partner: str
    client: str | None
    environment: str
    role: str | None


@click.group()
def command() -> None:
    """The people who sign in on a partner's portal. With access to the database as the proof of who acts."""


@command.command()
@click.argument("email")
@click.option("--name", required=True, help="Shown to the person and in audit records.")
@_PARTNER
@click.option("--client", help="Slug or id of the client whose data it sees; without it, of the partner's own.")
@click.option("--environment", default="live", show_default=True)
@click.option("--permission", "permissions", multiple=True, metavar="RESOURCE:ACTION", help="In place of the default.")
@click.option("--role", "role", help="Slug of a role that it has, in place of the default.")
@_PASSWORD
@key_files.OUT
@_JSON
def create(  # noqa: PLR0913 - one argument an option
    *,
    email: str,
    name: str,
    partner: str,
    client: str | None,
    environment: str,
    permissions: tuple[str, ...],
    role: str | None,
    password_file: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """A new account for PARTNER, or for one of its clients, signing in with EMAIL."""
    key_files.check(out)
    if client is None and role is None:
        raise click.UsageError("Name the --client that it sees, or the --role that it has at the partner.")
    password = _password(password_file)
    wanted = frozenset[Permission]() if role is not None and not permissions else _permissions(permissions)
    of = _Whose(partner, client, environment, role)
    made = direct.run(lambda database: _create(database, of, email, name, password, wanted))
    # Beside the roles: what it may is what these hold, and the permissions that it was given itself.
    shown = {**_shown(made.account), "roles": sorted(one.slug for one in made.roles)}
    _show_once(shown, password, out, is_made=password_file is None, as_json=as_json)


async def _create(  # noqa: PLR0913, PLR0917 (what an account is made of)
    database: Database, of: _Whose, email: str, name: str, password: str, wanted: frozenset[Permission]
) -> Person:
    owner = await direct.partner_of(database, of.partner)
    tenant_id = None
    if of.client is not None:
        async with database.session(Scope.partner(owner.partner_id)) as session:
            found = await organizations.find_client(session, owner.partner_id, of.client)
            tenant_id = (await organizations.find_tenant(session, found, of.environment)).tenant_id
    new = NewAccount(
        partner_id=owner.partner_id,
        tenant_id=tenant_id,
        email=email,
        name=name,
        password_hash=await _hash(password),
        permissions=wanted,
    )
    rows = Scope.partner(owner.partner_id) if tenant_id is None else Scope.tenant(tenant_id)
    async with database.session(rows) as session:
        made = await accounts.create(session, new, actor=_ACTOR)
        if of.role is not None:
            await people.give_first(session, made, of.role, actor=_ACTOR)
        person = await people.find(session, owner.partner_id, made.account_id)
        await session.commit()
    return person


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
    """Give ACCOUNT (address or id) another password; its sessions end within five seconds.

    Its passkeys are removed: each would open the account still.
    """
    key_files.check(out)
    given = _password(password_file)

    async def work(database: Database) -> Account:
        found = await _find(database, account, partner)
        stored = await _hash(given)
        async with database.session(accounts.rows_of(found)) as session:
            await accounts.set_password(session, found, stored, actor=_ACTOR)
            await session.commit()
        return found

    _show_once(_shown(direct.run(work)), given, out, is_made=password_file is None, as_json=as_json)


@command.command("remove-second-factor")
@click.argument("account")
@_PARTNER
@_JSON
def remove_second_factor(*, account: str, partner: str, as_json: bool) -> None:
    """For somebody who lost both device and recovery codes: ACCOUNT (address or id) signs in by its password alone.

    Its passkeys are removed, too.
    """

    async def work(database: Database) -> Account:
        found = await _find(database, account, partner)
        async with database.session(accounts.rows_of(found)) as session:
            await second_factors.reset(session, found, actor=_ACTOR)
            await session.commit()
        return found

    direct.show(_shown(direct.run(work)), as_json=as_json)


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
        async with database.session(accounts.rows_of(found)) as session:
            may = ALLOWED[accounts.level_of(found.tenant_id)]
            await accounts.set_permissions(session, found, wanted, grantable=may, actor=_ACTOR)
            await session.commit()
        return await _find(database, account, partner)

    direct.show(_shown(direct.run(work)), as_json=as_json)


def _set_status(account: str, partner: str, status: Status) -> Account:
    async def work(database: Database) -> Account:
        found = await _find(database, account, partner)
        async with database.session(accounts.rows_of(found)) as session:
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
        return await passwords.hash_new(given)
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
