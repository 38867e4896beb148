"""Mail as whoever runs the installation reads it: rendered as it would be sent, from the database and the key file."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import msgspec

from infra import ids
from infra.database import Database, Scope
from infra.encryption.installed import InstalledKeys
from infra.key_services import choosing
from infra.mail.message import LOGO, Letter
from infra.mail.server import UNSENT
from infra.problems import NotFound
from infra.settings import load
from services.cli import direct, running
from tenants.audit import service as audit
from tenants.mail import letters
from tenants.mail.letters import Row

SHOWN = 200
ACTOR = "cli:mail"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One mail of a list."""

    id: str
    partner: str
    kind: str
    recipient: str
    state: str
    tries: int
    reason: str | None
    created_at: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    state: str
    reason: str | None
    letter: Letter


def latest(most: int = SHOWN, state: str | None = None) -> list[Line]:
    """The newest first."""

    async def work(database: Database) -> list[Line]:
        async with database.doors() as connection:
            found = await connection.fetch("SELECT * FROM app.latest_mails($1, $2)", most, state)
        return [_line(row) for row in found]

    return direct.run(work, as_worker=True)


def shown(reference: str) -> Shown:
    """One mail. What opened something is not in it once it was sent or given up. Raises ClickException.

    One that opens something lets its reader in as somebody: who it is for has it in their audit, before it is shown.
    """
    settings = running.completed(load())
    keys = choosing.opening(settings)

    async def work(database: Database) -> tuple[Row, Shown]:
        async with database.doors() as connection:
            found = await connection.fetchrow("SELECT * FROM app.find_letter($1)", _id(reference))
        if found is None:
            raise NotFound
        row = Row.of(found)
        try:
            letter = await letters.written(row, InstalledKeys(keys, database), unsent=UNSENT)
        finally:
            await keys.close()
        return row, Shown(state=found["state"], reason=found["reason"], letter=letter)

    row, made = direct.run(work, as_worker=True)
    if row.sealed is not None:
        direct.run(lambda app: _note(app, "mail.read", row))
    return made


async def _note(app: Database, action: str, row: Row) -> None:
    whose = Scope.partner(row.partner_id) if row.tenant_id is None else Scope.tenant(row.tenant_id)
    target, after = ids.show("mail", row.mail_id), {"kind": row.kind}
    async with app.session(whose) as session:
        await audit.record(session, actor=ACTOR, action=action, target=target, after=after)
        await session.commit()


def retry(reference: str) -> bool:
    """Whether it is in line again: one that waits, or was kept while no mail server was set."""

    async def work(database: Database) -> Row | None:
        async with database.doors() as connection:
            if not await connection.fetchval("SELECT app.retry_mail($1)", _id(reference)):
                return None
            return Row.of(await connection.fetchrow("SELECT * FROM app.find_letter($1)", _id(reference)))

    row = direct.run(work, as_worker=True)
    if row is not None:
        direct.run(lambda app: _note(app, "mail.retried", row))
    return row is not None


def page_of(letter: Letter) -> str:
    """The HTML of the letter with its picture inside."""
    message: EmailMessage = letter.message()
    picture = next((part for part in message.walk() if part.get_content_type() == "image/png"), None)
    if picture is None:
        return letter.html
    points = "".join(str(picture.get_payload()).split())
    return letter.html.replace(f"cid:{LOGO}", f"data:image/png;base64,{points}")


def _id(reference: str) -> Any:
    try:
        return ids.read("mail", reference)
    except ids.MalformedId:
        raise NotFound from None


def _line(row: Any) -> Line:
    return Line(
        id=ids.show("mail", row["mail_id"]),
        partner=row["partner"],
        kind=row["kind"],
        recipient=row["recipient"],
        state=row["state"],
        tries=row["tries"],
        reason=row["reason"],
        created_at=row["created_at"].isoformat(timespec="seconds").replace("+00:00", "Z"),
    )
