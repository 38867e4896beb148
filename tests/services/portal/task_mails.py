"""Mail about tasks as it is written and sent by workers, read back by whoever gets it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from infra.database import Database
from infra.encryption.installed import InstalledKeys
from infra.encryption.key_provider import FileKeyProvider
from infra.mail.message import Letter
from services.human_tasks.mailing import Mailer
from services.portal.link_holder import HEADER
from tenants.mail import letters
from tenants.mail.letters import Row
from tests.asgi import Answer
from tests.services.portal.visitors import Visitor

_LINK = re.compile(r"https?://(\S+)/answer#(\S+)")


class Post:
    """The part of a worker that writes, and the mailboxes of everybody."""

    def __init__(self, worker: Database, kek: Path) -> None:
        self.worker = worker
        self.keys = InstalledKeys(FileKeyProvider(kek), worker)
        self.mailer = Mailer(worker, self.keys)

    async def write(self) -> list[Letter]:
        """What is due is written by one worker and, at the same time as it were, by another; then it is sent."""
        for _ in range(2):
            await Mailer(self.worker, self.keys).round()
        return await self.sent()

    async def sent(self) -> list[Letter]:
        async with self.worker.doors() as connection:
            rows = [Row.of(one) for one in await connection.fetch("SELECT * FROM app.take_mails(100, 600)")]
            found = [await letters.written(row, self.keys, unsent="notices@north.example") for row in rows]
            for row in rows:
                await connection.execute("SELECT app.settle_mail($1, 'sent', NULL, 0)", row.mail_id)
        return found

    async def token(self) -> str:
        """Of the one link that is written now."""
        (letter,) = await self.write()
        return token_in(letter)


def token_in(letter: Letter) -> str:
    found = _LINK.search(letter.text)
    assert found is not None, letter.text
    return found[2]


async def look(visitor: Visitor, token: str) -> Answer:
    """As the link's page does."""
    return await visitor.get("/portal/link", **{HEADER.replace("-", "_"): token})


async def decide(visitor: Visitor, token: str, **body: Any) -> Answer:
    """After a look at what is decided, unless the body says what was seen."""
    if "saw" not in body:
        asked = (await look(visitor, token)).json["asked"] or {"version": 1, "saw": ""}
        body |= {"version": asked["version"], "saw": asked["saw"]}
    return await visitor.send("POST", "/portal/link/decide", body, **{HEADER.replace("-", "_"): token})
