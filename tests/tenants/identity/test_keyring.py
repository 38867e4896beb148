from __future__ import annotations

import asyncio
import hmac
from typing import Any

import pytest
from sqlalchemy import text

from infra.database import Database, Scope
from tenants.identity import keyring, repository, service
from tenants.identity.keyring import REMEMBERED_SECONDS, Keyring
from tenants.identity.permissions import DEFAULTS
from tenants.identity.permissions import Scope as KeyScope


class Clock:
    """A clock that stands until it is told."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
async def made(app_database: Database) -> tuple[Any, str]:
    async with app_database.session(Scope.operator()) as session:
        row, key = await service.create_operator(session, "first", actor="test")
        await session.commit()
    return row, key


async def test_S_65_a_revoked_key_stops_when_its_two_seconds_end(app_database: Database, made: tuple[Any, str]) -> None:
    row, key = made
    clock = Clock()
    ring = Keyring(app_database, clock)
    principal = await ring.authenticate(key)
    assert principal is not None
    assert (principal.scope, principal.permissions) == (KeyScope.OPERATOR, DEFAULTS[KeyScope.OPERATOR])
    async with app_database.session(Scope.operator()) as session:
        await session.execute(text("UPDATE app.api_key SET revoked_at = now() WHERE key_id = :k"), {"k": row.key_id})
        await session.commit()
    clock.at += REMEMBERED_SECONDS - 0.01
    assert await ring.authenticate(key) == principal
    clock.at += 0.01
    assert await ring.authenticate(key) is None
    assert REMEMBERED_SECONDS <= 5


async def test_a_remembered_key_costs_no_query_and_a_wrong_secret_still_fails(
    app_database: Database, made: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = made
    ring = Keyring(app_database)
    assert await ring.authenticate(key)

    async def refuse(*_: object) -> None:
        raise AssertionError("asked the database")

    monkeypatch.setattr(repository, "look_up", refuse)
    assert await ring.authenticate(key)
    other = "a" if key[-1] != "a" else "b"
    assert await ring.authenticate(key[:-1] + other) is None
    assert await ring.authenticate("no key") is None


async def test_an_unknown_key_is_compared_too_and_not_remembered(
    app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    real = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(len(one))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    ring = Keyring(app_database)
    assert await ring.authenticate(f"pk_{'0' * 26}_{'a' * 52}") is None
    assert compared == [32]
    assert ring._known == {}


async def test_memory_is_bounded(
    app_database: Database, made: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "REMEMBERED_KEYS", 2)
    keys = [made[1]]
    for _ in range(4):
        async with app_database.session(Scope.operator()) as session:
            keys.append((await service.create_operator(session, "more", actor="test"))[1])
            await session.commit()
    ring = Keyring(app_database)
    assert all(await asyncio.gather(*(ring.authenticate(key) for key in keys)))
    assert len(ring._known) <= 2


async def test_F_33_a_permission_of_a_newer_version_gives_nothing(
    app_database: Database, made: tuple[Any, str]
) -> None:
    row, key = made
    async with app_database.session(Scope.operator()) as session:
        await session.execute(
            text("UPDATE app.api_key SET permissions = '{keys:read,moons:write}' WHERE key_id = :k"), {"k": row.key_id}
        )
        await session.commit()
    principal = await Keyring(app_database).authenticate(key)
    assert principal is not None
    assert principal.permissions == {"keys:read"}
