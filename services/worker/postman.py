"""Sends the mail that waits (ADR 0061): written, handed to the operator's server, and what became of it noted."""

from __future__ import annotations

import asyncio
import logging
from typing import Final
from uuid import UUID

from infra import ids
from infra.database import Database, Scope, surviving
from infra.egress import Client
from infra.encryption.errors import KeyServiceUnavailable, SecretUnreadable
from infra.encryption.key_provider import KeyProvider
from infra.mail import smtp
from infra.mail.errors import NotDelivered
from infra.mail.server import Server
from infra.mail.smtp import Envelope, Session
from tenants.audit import alarms
from tenants.mail import letters
from tenants.mail.letters import LinkWithoutHost, Row
from tenants.mail.reasons import NO_SENDER, SUPPRESSED, told, unaddressed

_log: Final = logging.getLogger(__name__)
POLL_SECONDS: Final = 2.0
TRIES: Final = 16
"""With the pauses below about two days; then it is given up."""
_AT_ONCE: Final = 10
_TAKEN_SECONDS: Final = 600.0
_ROUND_SECONDS: Final = 540.0
_FIRST_PAUSE: Final = 60.0
_LONGEST_PAUSE: Final = 6 * 3600.0
Settled = tuple[str, str | None, float]
"""What a mail becomes, why, and in how many seconds it is tried again."""


class Postman:
    """One a worker process; those of several share the mail.

    Args:
        server: None: mail is kept, for `waybill mail` to show.
        client: the way to that server.
    """

    def __init__(self, database: Database, keys: KeyProvider, server: Server | None, client: Client | None) -> None:
        self._database = database
        self._keys = keys
        self._server = server
        self._client = client

    async def run(self, seconds: float = POLL_SECONDS) -> None:
        """Until cancelled."""
        while True:
            with surviving("sending mail"):
                while await self.round() == _AT_ONCE:
                    pass
            await asyncio.sleep(seconds)

    async def round(self) -> int:
        """One batch of what is due; answers how many. Safe to run in every worker at once."""
        async with self._database.doors() as connection:
            found = await connection.fetch("SELECT * FROM app.take_mails($1, $2)", _AT_ONCE, _TAKEN_SECONDS)
        rows = [Row.of(one) for one in found]
        if not rows:
            return 0
        async with asyncio.timeout(_ROUND_SECONDS):
            if self._server is None or self._client is None:
                for row in rows:
                    await self._settle(row.mail_id, ("suppressed" if row.is_suppressed else "kept", None, 0.0))
            else:
                await self._send(rows, self._server, self._client)
        return len(rows)

    async def _send(self, rows: list[Row], server: Server, client: Client) -> None:
        nobodys = [row for row in rows if row.sender is None and not row.is_suppressed]
        for row in nobodys:
            await self._settle(row.mail_id, _again(row, NO_SENDER))
        rows = [row for row in rows if row not in nobodys]
        if rows:
            await self._hand_over(rows, server, client)

    async def _hand_over(self, rows: list[Row], server: Server, client: Client) -> None:
        waiting = {row.mail_id: row for row in rows}
        try:
            async with smtp.opened(client, server) as session:
                for row in rows:
                    settled = await self._tried(session, row)
                    del waiting[row.mail_id]
                    await self._settle(row.mail_id, settled)
        except NotDelivered as error:
            # The server is away, or does not let us in: what was not tried waits with what was.
            _log.warning("the mail server takes nothing", extra={"why": error.why, "stage": error.stage})
            for row in waiting.values():
                await self._settle(row.mail_id, _again(row, str(error)))

    async def _tried(self, session: Session, row: Row) -> Settled:
        """Raises NotDelivered: of the connection, not of this mail."""
        if row.is_suppressed:
            return ("suppressed", SUPPRESSED, 0.0)
        try:
            letter = await letters.written(row, self._keys)
            content = letter.content()
        except (LinkWithoutHost, SecretUnreadable, ValueError, KeyError) as error:
            if isinstance(error, SecretUnreadable) and row.tenant_id is not None:
                await alarms.unreadable(self._database, Scope.tenant(row.tenant_id), _shown(row.mail_id), error)
            _log.error("a mail could not be written", extra={"mail": _shown(row.mail_id), "error": repr(error)})
            return ("dead", f"it could not be written: {type(error).__name__}", 0.0)
        except KeyServiceUnavailable as error:
            return _again(row, error.detail)
        try:
            await session.deliver(Envelope(sender=letter.sender, recipients=(row.recipient,), content=content))
        except NotDelivered as error:
            if error.stage == "connection":
                raise
            if error.is_final:
                return ("bounced" if error.is_bounce else "dead", error.why, 0.0)
            return _again(row, str(error))
        return ("sent", None, 0.0)

    async def _settle(self, mail_id: UUID, settled: Settled) -> None:
        becomes, why, again = settled
        if why is not None:
            about = {"mail": _shown(mail_id), "state": becomes, "why": unaddressed(why)}
            _log.warning("a mail did not go out", extra=about)
        kept = None if why is None else told(why)
        async with self._database.doors() as connection:
            await connection.execute("SELECT app.settle_mail($1, $2, $3, $4)", mail_id, becomes, kept, again)


def _again(row: Row, why: str) -> Settled:
    if row.tries >= TRIES:
        return ("dead", f"given up after {row.tries} tries; {why}", 0.0)
    return ("waiting", why, min(_FIRST_PAUSE * 2 ** (row.tries - 1), _LONGEST_PAUSE))


def _shown(mail_id: UUID) -> str:
    return ids.show("mail", mail_id)
