"""`waybill brand` and `waybill account`: what an operator does so that people can sign in."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from infra.database import Database, Scope
from infra.embedded.stack import Endpoints
from services.cli.main import waybill
from tenants.identity import account_repository
from tenants.identity.passwords import Passwords
from tenants.identity.permissions import ACCOUNT
from tests.world import World, make_tenant

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>'


@pytest.fixture
async def world(app_database: Database) -> World:
    return await make_tenant(app_database)


@pytest.fixture(autouse=True)
def settings(endpoints: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    monkeypatch.setenv("WAYBILL_DATABASE_URL", endpoints.database_url)


async def run(*words: str) -> Result:
    # Each command has a loop of its own, so not on this one.
    return await asyncio.to_thread(lambda: CliRunner().invoke(waybill, list(words)))


async def test_a_brand_is_set_and_shown_with_its_accents(world: World, tmp_path: Path) -> None:
    del world
    logo = tmp_path / "logo.svg"
    logo.write_text(LOGO)
    words = ["brand", "set", "partner-of-acme", "--name", "Harbor", "--accent", "#FFD400", "--logo", str(logo)]
    done = await run(*words, "--json")
    assert done.exit_code == 0, done.output
    added = await run("brand", "add-host", "partner-of-acme", "Portal.Harbor.example", "--json")
    shown = msgspec.json.decode(added.output)
    assert (shown["name"], shown["accent"], shown["logo"]) == ("Harbor", "#ffd400", True)
    assert shown["accent_light"] != "#ffd400"
    assert shown["hosts"] == ["portal.harbor.example"]
    assert (await run("brand", "remove-host", "portal.harbor.example")).exit_code == 0
    removed = await run("brand", "set", "partner-of-acme", "--logo", "", "--json")
    assert msgspec.json.decode(removed.output)["logo"] is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("brand", "set", "nobody", "--name", "X"), "Nothing is here"),
        (("brand", "set", "partner-of-acme", "--accent", "red"), "#rrggbb"),
        (("brand", "set", "partner-of-acme", "--logo", "nowhere.svg"), "cannot be read"),
        (("brand", "add-host", "partner-of-acme", "127.0.0.1"), "name of the API"),
        (("brand", "add-host", "partner-of-acme", "a b"), "host name"),
        (("brand", "remove-host", "nobodys.example"), "Nothing is here"),
        (("account", "disable", "nobody@x.example", "--partner", "partner-of-acme"), "Nothing is here"),
    ],
)
async def test_a_mistake_is_one_sentence(world: World, words: tuple[str, ...], said: str) -> None:
    del world
    done = await run(*words)
    assert done.exit_code in {1, 2}
    assert said in done.output
    assert "Traceback" not in done.output


async def test_an_account_is_made_with_a_password_that_is_shown_once(
    world: World, app_database: Database, tmp_path: Path
) -> None:
    place = ["--partner", "partner-of-acme"]
    made = await run("account", "create", "Clerk@acme.example", "--name", "Clerk", *place, "--client", "acme", "--json")
    shown = msgspec.json.decode(made.output)
    assert (shown["email"], shown["status"]) == ("clerk@acme.example", "active")
    assert await fits(app_database, world, shown["password"])
    taken = await run("account", "create", "clerk@acme.example", "--name", "Clerk", *place, "--client", "acme")
    assert (taken.exit_code, "in use" in taken.output) == (1, True)
    out = tmp_path / "new-password"
    changed = await run("account", "password", "clerk@acme.example", *place, "--out", str(out), "--json")
    assert "password" not in msgspec.json.decode(changed.stdout)
    assert not await fits(app_database, world, shown["password"])
    assert await fits(app_database, world, out.read_text().strip())
    own = tmp_path / "own"
    own.write_text("a password of their own\n")
    assert (await run("account", "password", shown["id"], *place, "--password-file", str(own))).exit_code == 0
    assert await fits(app_database, world, "a password of their own")
    ended = await run("account", "disable", "clerk@acme.example", *place, "--json")
    assert msgspec.json.decode(ended.output)["status"] == "disabled"
    listed = await run("account", "list", *place)
    assert listed.output.startswith("disabled  clerk@acme.example")


async def test_an_account_that_is_made_with_a_role_says_which(world: World) -> None:
    del world
    place = ["--partner", "partner-of-acme", "--role", "administrator", "--json"]
    for email, more in (("first@acme.example", ["--client", "acme"]), ("first@harbor.example", [])):
        made = await run("account", "create", email, "--name", "First", *place, *more)
        assert msgspec.json.decode(made.output)["roles"] == ["administrator"], made.output


async def test_S_68_an_accounts_permissions_are_changed_as_a_whole(world: World, app_database: Database) -> None:
    place = ["--partner", "partner-of-acme"]
    await run("account", "create", "clerk@acme.example", "--name", "Clerk", *place, "--client", "acme")
    change = ["account", "permissions", "clerk@acme.example", *place, "--json"]
    fewer = await run(*change, "--permission", "runs:read", "--permission", "payloads:read")
    assert msgspec.json.decode(fewer.output)["permissions"] == ["payloads:read", "runs:read"]
    refused = await run(*change, "--permission", "partners:write")
    assert (refused.exit_code, "may not hold: partners:write" in refused.output) == (1, True)
    for words in ((), ("--default", "--permission", "runs:read"), ("--permission", "runs:fly")):
        assert (await run(*change, *words)).exit_code == 2
    whole = await run(*change, "--default")
    assert msgspec.json.decode(whole.output)["permissions"] == sorted(one.value for one in ACCOUNT)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        query = text("SELECT actor FROM app.audit WHERE action = 'account.permissions-set'")
        assert list(await session.scalars(query)) == ["cli:account", "cli:account"]


async def fits(database: Database, world: World, password: str) -> bool:
    async with database.session(Scope.partner(world.partner_id)) as session:
        found = await account_repository.with_password(session, world.partner_id, "clerk@acme.example")
    assert found is not None
    passwords = Passwords()
    try:
        return await passwords.fits(found[1], password)
    finally:
        passwords.close()
