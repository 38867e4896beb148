"""A file that is sent while it is made: whole, or visibly not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.api import download
from services.api.download import Download


async def served(chunks: AsyncIterator[bytes], *, leaves: bool = False, admitted: int = 9) -> list[Any]:
    """What is sent to a reader who stays, or who leaves at once; it is admitted the first `admitted` times."""
    asked = 0

    async def goes_on() -> bool:
        nonlocal asked
        asked += 1
        return asked <= admitted

    sent: list[Any] = []
    stays = asyncio.Event()

    async def receive() -> Any:
        if not leaves:
            await stays.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        await asyncio.sleep(0)
        sent.append(message)

    made = Download(chunks, name="a.zip", media_type="application/zip", goes_on=goes_on)
    app: Any = made.to_asgi_response()
    try:
        await app({}, receive, send)
    except RuntimeError:
        sent.append("cut")
    return sent


async def parts(made: list[int], *, fails_at: int = 9) -> AsyncIterator[bytes]:
    for number in range(4):
        if number == fails_at:
            raise RuntimeError("the disk is gone")
        made.append(number)
        yield b"%d" % number


async def test_a_file_comes_whole_and_ends() -> None:
    sent = await served(parts([]))
    assert b"".join(one["body"] for one in sent[1:]) == b"0123"
    assert [one.get("more_body") for one in sent[1:]] == [True] * 4 + [False]
    assert dict(sent[0]["headers"])[b"content-disposition"] == b'attachment; filename="a.zip"'


async def test_what_fails_on_the_way_is_cut_off_without_an_end() -> None:
    sent = await served(parts([], fails_at=2))
    assert sent[-1] == "cut"
    assert all(one["more_body"] for one in sent[1:-1])


async def test_for_a_reader_who_left_nothing_more_is_made() -> None:
    made: list[int] = []
    sent = await served(parts(made), leaves=True)
    assert len(made) < 4
    assert all(one.get("more_body", True) for one in sent)


async def test_S_06_who_is_admitted_no_more_gets_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is revoked while an export lasts."""
    monkeypatch.setattr(download, "ASK_SECONDS", 0.0)
    made: list[int] = []
    sent = await served(parts(made), admitted=2)
    assert b"".join(one["body"] for one in sent[1:]) == b"01"
    assert all(one["more_body"] for one in sent[1:]), "without an end, nobody takes it for whole"
    assert made == [0, 1, 2]
