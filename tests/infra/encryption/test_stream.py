"""A sealed file opens whole and unaltered, or not at all (S-71)."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.encryption.errors import SecretUnreadable
from infra.encryption.stream import PIECE, seal, sealed_size, unseal

KEY, PLACE = bytes(range(32)), b"tenant/document"
RECORD = PIECE + 16


async def parts_of(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def sealed(content: bytes, step: int = 7_777) -> bytes:
    cut = [content[at : at + step] for at in range(0, len(content), step)]
    return b"".join([part async for part in seal(KEY, PLACE, parts_of(cut))])


async def opened(content: bytes, key: bytes = KEY, place: bytes = PLACE, step: int = 5_000) -> bytes:
    cut = [content[at : at + step] for at in range(0, len(content), step)]
    return b"".join([part async for part in unseal(key, place, parts_of(cut))])


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 5])
async def test_what_was_sealed_opens_at_every_size(size: int) -> None:
    content = os.urandom(size)
    found = await sealed(content)
    assert len(found) == sealed_size(size)
    assert await opened(found) == content
    assert content[:64] not in found or size < 16


@given(st.binary(max_size=200), st.integers(1, 60), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
async def test_how_it_is_cut_on_the_way_does_not_matter(content: bytes, there: int, back: int) -> None:
    assert await opened(await sealed(content, there), step=back) == content


async def refused(content: bytes, key: bytes = KEY, place: bytes = PLACE) -> None:
    with pytest.raises(SecretUnreadable):
        await opened(content, key, place)


async def test_S_71_another_key_or_another_place_opens_nothing() -> None:
    found = await sealed(b"x" * 100)
    await refused(found, key=bytes(32))
    await refused(found, place=b"tenant/other")


async def test_S_71_a_file_that_was_cut_anywhere_is_not_taken_for_whole() -> None:
    found = await sealed(os.urandom(3 * PIECE))
    for end in (0, 1, 16, RECORD, 1 + RECORD, 1 + 2 * RECORD, len(found) - 1):
        await refused(found[:end])
    await refused(found + b"\x00")


async def test_S_71_pieces_cannot_be_moved_doubled_or_left_out() -> None:
    found = await sealed(os.urandom(3 * PIECE))
    first, second, third = (found[1 + at * RECORD : 1 + (at + 1) * RECORD] for at in range(3))
    for order in ((second, first, third), (first, first, third), (first, third), (first, second, second), (third,)):
        await refused(found[:1] + b"".join(order))


async def test_S_71_one_altered_bit_anywhere_is_found() -> None:
    found = await sealed(os.urandom(PIECE + 10))
    for at in (0, 1, 100, RECORD, RECORD + 1, len(found) - 1):
        await refused(found[:at] + bytes([found[at] ^ 1]) + found[at + 1 :])


async def test_what_fails_late_has_given_out_only_what_was_proven() -> None:
    content = os.urandom(3 * PIECE)
    found = await sealed(content)
    given_out = b""

    async def taken() -> None:
        nonlocal given_out
        async for part in unseal(KEY, PLACE, parts_of([found[: 1 + 2 * RECORD]])):
            given_out += part

    with pytest.raises(SecretUnreadable):
        await taken()
    assert content.startswith(given_out)
    assert len(given_out) < 2 * PIECE + 1
