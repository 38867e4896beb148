"""`notice:1.0.0@default`: a workflow tells a customer something by a mail in the partner's brand (ADR 0113)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database, through_outage
from infra.encryption.errors import KeyServiceUnavailable
from infra.encryption.key_provider import KeyWrapper
from infra.mail.template import plain
from infra.setting_mail import ADDRESS
from services.customer_notices import quiet
from services.engine import values
from services.engine.functions import STANDARD_ERRORS, Answer, Call, Done, ErrorDetails, Failed, Later
from template_library import notice_texts, notices
from template_library.notice_texts import Texts
from template_library.notices import NAME, Asked, Quiet
from tenants.calendars import reading
from tenants.calendars.calendar import Calendar, NeverOpen
from tenants.calendars.errors import UnknownCalendar
from tenants.mail.service import context
from tenants.organizations import link_texts

__all__ = ["NAME", "NoticeFunction"]

PREFIX: Final = "ntc"
KIND: Final = "customer.notice"
MOST_A_DAY: Final = 50
"""Notices to one address within a day: a workflow that runs in a circle is nobody's mailbox's trouble."""
STATUS_LIFE: Final = timedelta(days=120)
"""Of the link of a status page: longer than most orders are under way, and no longer than anybody looks."""
_LONGEST: Final = 254
_LONGEST_NAME: Final = 200
_INVALID: Final = 400
_AWAY: Final = 503
_MOVING_SECONDS: Final = 2.0
_POST: Final = """
SELECT * FROM app.post_notice($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
  $20, $21, $22, $23)
"""


class Enclosed(msgspec.Struct, frozen=True):
    """What a mail opens something by: `ends` further notices, `token` a status page; `sealed` has both until then."""

    mail_id: UUID
    ends: str
    token: str | None
    sealed: bytes


class NoticeFunction:
    """Fills the engine's Function protocol. Each call is one transaction, and tells once for its key.

    Args:
        keys: seals what a mail's link has until the mail is sent.
    """

    def __init__(self, database: Database, keys: KeyWrapper) -> None:
        self._database = database
        self._keys = keys

    async def __call__(self, call: Call) -> Answer:
        try:
            asked, texts = notices.read(call.arguments)
        except ValueError as error:
            return _failed("validation", "The notice cannot be read", str(error))
        ends, mail_id = secrets.token_urlsafe(32), ids.new()
        token = link_texts.new(call.tenant) if asked.about and notice_texts.asks_for_status(texts) else None
        try:
            sealed = await self._keys.wrap(" ".join([ends, *([token] if token else [])]).encode(), context(mail_id))
            enclosed = Enclosed(mail_id, ends, token, sealed)
            return await through_outage(lambda: self._post(call, asked, texts, enclosed), "a notice")
        except (UnknownCalendar, NeverOpen) as error:
            return _failed("configuration", "The quiet hours cannot be counted", str(error))
        except KeyServiceUnavailable as error:
            return _later(error.detail)

    async def _post(self, call: Call, asked: Asked, texts: Texts, enclosed: Enclosed) -> Answer:
        async with self._database.tenant(call.tenant) as connection:
            place = await connection.fetchrow("SELECT * FROM app.notice_place()")
            now = await connection.fetchval("SELECT clock_timestamp()")
            when = quiet.moment(now, await _calendar(connection, call, asked), asked.promise)
            address = address_of(asked)
            language = texts.language(asked.to.language, place["language"])
            row = await connection.fetchrow(
                _POST,
                ids.new(),
                enclosed.mail_id,
                call.run,
                call.key,
                call.fence,
                asked.name,
                asked.milestone,
                None if asked.about is None else asked.about.kind,
                None if asked.about is None else _line(asked.about.key) or "-",
                address if _is_address(address) else None,
                _line(asked.to.name or ""),
                language,
                msgspec.json.encode(_facts(asked, texts, language)).decode(),
                enclosed.sealed,
                hashlib.sha256(enclosed.ends.encode()).digest(),
                when.at,
                when.waits,
                withheld(asked, address, has_host=place["has_host"]),
                MOST_A_DAY,
                None if asked.promise is None else [asked.promise.was, asked.promise.now],
                ids.new(),
                None if enclosed.token is None else link_texts.digest(enclosed.token),
                STATUS_LIFE.total_seconds(),
            )
        return _later("its run is in other hands") if row is None else _told(row)


async def _calendar(connection: Any, call: Call, asked: Asked) -> Calendar | None:
    """Raises UnknownCalendar: of one that is named; a client that has none has no quiet hours."""
    if asked.quiet is False:
        return None
    named = asked.quiet if isinstance(asked.quiet, Quiet) else Quiet()
    try:
        return await reading.calendar(connection, call.tenant, name=named.calendar, site=named.site)
    except UnknownCalendar:
        if named.calendar is None:
            return None
        raise


def address_of(asked: Asked) -> str:
    """Where the notice goes, as opt-outs know it; empty where nobody said."""
    return (asked.to.email or "").strip().lower()


def withheld(asked: Asked, address: str, *, has_host: bool) -> str | None:
    """Why nobody is told, as far as that is known without the client's rows."""
    if not asked.is_wanted:
        return "not-wanted"
    if asked.promise is not None and not notices.is_later(asked.promise):
        return "not-late"
    if not address:
        return "no-address"
    if not _is_address(address):
        return "bad-address"
    # Without a host there is no link that ends further notices, and without that none is sent (RFC 8058).
    return None if has_host else "no-host"


def _line(text: str) -> str:
    """What may be anybody's text, on one line that the database can keep."""
    return plain(values.plain(text))[:_LONGEST_NAME]


def _is_address(address: str) -> bool:
    return len(address) <= _LONGEST and ADDRESS.fullmatch(address) is not None


def _facts(asked: Asked, texts: Texts, language: str) -> dict[str, Any]:
    """What its letter is written of when it is sent: text and values apart, so that no value is read as text."""
    text = texts.by_language[language]
    told = {name: values.plain(value) for name, value in asked.told.items()}
    return {"subject": text.subject, "text": text.text, "told": told, "links": sorted(texts.links)}


def _told(row: Any) -> Done:
    output = {
        "sent": row["outcome"] == "sent",
        "why": row["why"],
        "notice": ids.show(PREFIX, row["notice_id"]),
        "at": None if row["due_at"] is None else row["due_at"].isoformat().replace("+00:00", "Z"),
        "language": row["language"],
    }
    return Done(output=output, usage="")


def _later(reason: str) -> Later:
    error = ErrorDetails(
        type=f"{STANDARD_ERRORS}communication", status=_AWAY, title="The notice could not be left", detail=reason
    )
    return Later(reason=reason, ref="", error=error, seconds=_MOVING_SECONDS, sent=False)


def _failed(name: str, title: str, detail: str) -> Failed:
    return Failed(
        error=ErrorDetails(type=STANDARD_ERRORS + name, status=_INVALID, title=title, detail=detail), sent=False
    )
