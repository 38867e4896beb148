from __future__ import annotations

from typing import Any, Final

import click

from services.cli.client import Api, Problem
from services.cli.options import Terminal, account_options

_NOT_FOUND: Final = 404
_BELOW_PARTNER: Final = 2


@click.command()
@click.argument("place")
@click.option("--partner-name", help="Shown to people; its slug unless told. A partner that is there keeps its own.")
@click.option("--client-name", help="Likewise of the client.")
@click.option("--own", is_flag=True, help="With a partner's key: PLACE is CLIENT or CLIENT/ENVIRONMENT of its own.")
@account_options
def command(terminal: Terminal, *, place: str, partner_name: str | None, client_name: str | None, own: bool) -> None:
    """Make PLACE, and whatever of the way there is missing: PARTNER, PARTNER/CLIENT or PARTNER/CLIENT/ENVIRONMENT.

    With an operator's key. Safe to repeat: what is there stays as it is.
    """
    parts = place.split("/")
    partner, rest = (None, parts) if own else (parts[0], parts[1:])
    if not all(parts) or len(rest) > _BELOW_PARTNER:
        raise click.UsageError("name PARTNER, PARTNER/CLIENT or PARTNER/CLIENT/ENVIRONMENT; with --own without PARTNER")
    client, environment = (*rest, None, None)[:2]

    async def work(api: Api) -> list[dict[str, Any]]:
        found = [] if partner is None else [await _partner(api, partner, partner_name or partner)]
        if client is not None:
            made, there = await _client(api, partner, client, client_name or client)
            found.append(made)
            if environment is not None:
                found.append(await _environment(api, there, environment))
        return found

    terminal.table(terminal.run(work), "what", "slug", "outcome", "id")


async def _partner(api: Api, slug: str, name: str) -> dict[str, Any]:
    try:
        found, outcome = await api.get(f"/partners/{slug}"), "there"
    except Problem as problem:
        if problem.status != _NOT_FOUND:
            raise
        found, outcome = await api.send("POST", "/partners", {"slug": slug, "name": name}), "made"
    return {"what": "partner", "slug": slug, "outcome": outcome, "id": found["id"]}


async def _client(api: Api, partner: str | None, slug: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The line, and the client with its environments."""
    listed = (await api.get("/clients", slug=slug, partner=partner))["items"]
    if listed:
        found, outcome = await api.get(f"/clients/{listed[0]['id']}"), "there"
    else:
        body = {"slug": slug, "name": name} | ({} if partner is None else {"partner": partner})
        found, outcome = await api.send("POST", "/clients", body), "made"
    return {"what": "client", "slug": slug, "outcome": outcome, "id": found["id"]}, found


async def _environment(api: Api, client: dict[str, Any], environment: str) -> dict[str, Any]:
    known = {one["environment"]: one["id"] for one in client["tenants"]}
    outcome = "there" if environment in known else "made"
    if environment not in known:
        made = await api.send("POST", f"/clients/{client['id']}/environments", {"environment": environment})
        known[environment] = made["id"]
    return {"what": "environment", "slug": environment, "outcome": outcome, "id": known[environment]}
