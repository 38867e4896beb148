"""Passwords: argon2id, off the loop, a few at a time."""

from __future__ import annotations

import asyncio

import pytest

from infra.problems import Unavailable
from tenants.identity.passwords import Passwords, is_stale
from tenants.organizations.errors import InvalidField

OLD = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$pX0nO+gkzk0s3bTW6mTvOA"


async def test_S_65_what_is_stored_is_argon2id_and_salted() -> None:
    passwords = Passwords()
    one, other = [await passwords.hash("correct horse battery") for _ in range(2)]
    assert one != other
    assert one.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await passwords.fits(one, "correct horse battery")
    assert not await passwords.fits(one, "correct horse batterY")
    assert not await passwords.fits(None, "correct horse battery")
    assert not await passwords.fits("no hash", "correct horse battery")
    assert not is_stale(one)
    assert is_stale(OLD)
    passwords.close()


async def test_what_is_typed_on_another_keyboard_is_the_same_password() -> None:
    passwords = Passwords()
    composed, apart = "pa\u00dfw\u00f6rter sind lang", "pa\u00dfwo\u0308rter sind lang"
    assert await passwords.fits(await passwords.hash(composed), apart)
    passwords.close()


@pytest.mark.parametrize("password", ["", "short", "x" * 11, "x" * 257])
async def test_a_password_is_long_and_not_endless(password: str) -> None:
    passwords = Passwords()
    with pytest.raises(InvalidField):
        await passwords.hash(password)
    passwords.close()


async def test_S_66_a_crowd_is_turned_away_and_the_loop_goes_on() -> None:
    passwords = Passwords(at_once=1, most_waiting=2)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    beside = asyncio.create_task(others())
    found = await asyncio.gather(*(passwords.fits(None, "x") for _ in range(8)), return_exceptions=True)
    beside.cancel()
    assert sum(isinstance(one, Unavailable) for one in found) == 5
    assert [one for one in found if not isinstance(one, Unavailable)] == [False, False, False]
    assert turns > 100
    assert not await passwords.fits(None, "afterwards there is room again")
    passwords.close()
