"""People as the matrix of authority judges them in a transaction of the data plane, and who stands behind a key."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from infra import ids
from tenants.authority import repository
from tenants.authority.errors import BadFact
from tenants.authority.judging import Person
from tenants.authority.matrices import Matrix
from tenants.identity import standing
from tenants.identity.standing import Standing

_KEY: Final = "key:"
_ACCOUNTS: Final = ("account:", "acting:")


async def changers(connection: Any, tenant: UUID, matrix: Matrix, asked_at: datetime) -> list[str]:
    """Who has changed the matrix since something was asked for, by whatever version; of a key whoever made it."""
    found = await repository.changed_by(connection, tenant, matrix.version, asked_at)
    return [await behind(connection, one) for one in found]


async def behind(connection: Any, actor: str) -> str:
    """Whoever made the key that acted, where that is an account; of any other actor the actor.

    A key that nobody here can tell is one of an operator or from above, whose people have no roles here.
    """
    made_by = await _made_by(connection, actor) if actor.startswith(_KEY) else None
    return made_by if made_by is not None and made_by.startswith(_ACCOUNTS) else actor


async def with_makers(connection: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Whoever made a key stands behind what it asked for: nobody asks by a key of their own and then approves.

    Raises:
        BadFact: nobody can tell who that is.
    """
    found = dict(given)
    for name in ("requester", "last_editor"):
        named = found.get(name)
        if isinstance(named, str | list):
            people = [named] if isinstance(named, str) else named
            found[name] = [await _maker(connection, name, one) for one in people]
    return found


async def _maker(connection: Any, name: str, one: Any) -> Any:
    if not (isinstance(one, str) and one.startswith(_KEY)):
        return one
    made_by = await _made_by(connection, one)
    if made_by is None or made_by.startswith(_KEY):
        raise BadFact(f"/facts/{name}", "Nobody here can tell who made this key: name who asked by account")
    return made_by if made_by.startswith(_ACCOUNTS) else one


async def _made_by(connection: Any, key: str) -> str | None:
    try:
        return await standing.maker(connection, ids.read("key", key.removeprefix(_KEY)))
    except ids.MalformedId:
        return None


def person_of(account: UUID, people: dict[UUID, Standing]) -> Person:
    """Whoever may not sign in holds nothing."""
    found = people.get(account)
    if found is None:
        return Person(account=ids.show("acc", account), email=f"{account}@nobody.invalid", roles=frozenset())
    roles = frozenset(ids.show("rol", one) for one in found.roles)
    return Person(account=ids.show("acc", account), email=found.email, roles=roles)


def names_of(accounts: Iterable[UUID | None], people: dict[UUID, Standing]) -> frozenset[str]:
    return frozenset[str]().union(*(person_of(one, people).names for one in accounts if one is not None))
