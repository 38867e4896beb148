"""The receiver of `docs/integrator/webhooks.md` works as it stands there (A18)."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra import clock, ids
from infra.egress import Client, Guard
from infra.embedded.ports import choose
from services.webhooks import sending, signing
from services.webhooks.sending import Posting
from tests.house.tree import ROOT
from tests.patience import PATIENCE

SECRET = signing.new_secret()
_BLOCK = re.compile(r"<!-- example: receiver -->\n```python\n(.*?)```", re.DOTALL)


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[tuple[str, asyncio.StreamReader]]:
    """The URL of the example that runs, and what it prints."""
    found = _BLOCK.search((ROOT / "docs/integrator/webhooks.md").read_text(encoding="utf-8"))
    assert found is not None
    (tmp_path / "receiver.py").write_text(found[1], encoding="utf-8")
    port = choose(None)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "receiver.py", cwd=tmp_path, stdout=asyncio.subprocess.PIPE,
        env={"WEBHOOK_SECRET": SECRET.reveal(), "PORT": str(port)},
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.05)
    yield f"http://127.0.0.1:{port}/orders", process.stdout
    process.kill()
    await process.wait()


async def test_A18_the_documented_receiver_takes_what_is_ours_and_refuses_the_rest(
    receiver: tuple[str, asyncio.StreamReader], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, printed = receiver
    message = ids.new()

    async def sent(*secrets: object) -> int | None:
        posting = Posting(
            tenant_id=ids.new(), message_id=message, url=url, body=b'{"type":"order.shipped"}', secrets=secrets,  # type: ignore[arg-type]
        )  # fmt: skip
        return (await sending.send(client, posting)).status

    async with Client(Guard(allow_loopback=True)) as client, asyncio.timeout(PATIENCE):
        assert await sent(SECRET) == 204
        assert (await printed.readline()).decode().strip() == f"{ids.show('msg', message)} verified"
        assert await sent(signing.new_secret(), SECRET) == 204, "during a rotation"
        assert await sent(signing.new_secret()) == 401
        moment = clock.now().replace(year=2020)
        monkeypatch.setattr(clock, "now", lambda: moment)
        assert await sent(SECRET) == 401, "an old message is a replay"
