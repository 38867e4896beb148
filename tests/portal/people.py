"""People of a partner's own, and what a journey of theirs asks of a page."""

from __future__ import annotations

import asyncio
import time
from base64 import b32decode

import msgspec

from services.cli.running import Portal
from tenants.identity import totp
from tests.faults.warm import WarmStarter
from tests.patience import PATIENCE
from tests.portal.person import SCHEMES, Person
from tests.portal.site import Site


async def staff(
    site: Site,
    email: str,
    portal: Portal | None = None,
    name: str = "Hana Boss",
    *,
    of_client: bool = False,
    role: str = "administrator",
) -> Portal:
    """An administrator of the partner's own, made as an operator makes the first one; harbor's unless told.

    `of_client`: of its client's instead. `role`: another than an administrator's.
    """
    there = portal or site.harbor
    command = ["services.cli.main", "account", "create", email, "--name", name]
    command += ["--partner", there.partner_slug, "--role", role, "--json"]
    if of_client:
        command += ["--client", there.client_slug, "--environment", there.environment]
    done = await asyncio.to_thread(WarmStarter.get().run, command, site.environment())
    assert done.returncode == 0, done.stderr
    return msgspec.structs.replace(there, email=email, password=msgspec.json.decode(done.stdout)["password"])


async def look(someone: Person, name: str) -> None:
    """A picture in both themes; no flaw for axe, and nothing to scroll sideways."""
    for scheme in SCHEMES:
        await someone.turn(scheme)
        await someone.shoot(f"{name}-{scheme}")
        found = await someone.flaws()
        assert not found, f"{name}-{scheme}: {found}"
    assert await someone.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


async def grow_old(someone: Person) -> None:
    """The proof of who it is is eleven minutes old; a process may remember for two seconds that it was not."""
    await someone.site.query("UPDATE app.portal_session SET proved_at = proved_at - interval '11 minutes'")
    until = time.monotonic() + PATIENCE
    ask = "fetch('/portal/passkeys/ask', { method: 'POST' }).then(answer => answer.status)"
    while await someone.page.evaluate(ask) != 403:
        assert time.monotonic() < until
        await asyncio.sleep(0.2)


def code_now(secret: str, later: int) -> str:
    return totp.code_at(b32decode(secret), int(time.time()) // totp.STEP_SECONDS + later)
