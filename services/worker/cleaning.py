"""Removes what grows and belongs to no run that is left, by its age. Safe to repeat and to run twice at once."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from infra.database import Database, surviving
from services.archives.retention import Rules

_DEDUPE_DAYS: Final = 7
_INBOX_MINUTES: Final = 60
_ANSWER_HOURS: Final = 24
_WEBHOOK_DAYS: Final = 30
_BATCH: Final = 5_000


class Ages(msgspec.Struct, frozen=True, kw_only=True):
    """In days, from the settings of the same names."""

    exception_days: int = 365
    notice_days: int = 90
    webhook_days: int = 30
    backup_days: int = 35


class Given(Protocol):
    """Whatever has these settings."""

    @property
    def exception_days(self) -> int: ...
    @property
    def notice_days(self) -> int: ...
    @property
    def webhook_days(self) -> int: ...
    @property
    def backup_days(self) -> int: ...


def ages(settings: Given) -> Ages:
    return Ages(
        exception_days=settings.exception_days,
        notice_days=settings.notice_days,
        webhook_days=settings.webhook_days,
        backup_days=settings.backup_days,
    )


async def clean(database: Database, ages: Ages) -> None:
    """A batch a commit, until there is no more; what fails is logged and leaves the rest its turn."""
    for what, statement, age in (
        ("purging dedupe keys", "SELECT app.purge_event_keys($1, $2)", _DEDUPE_DAYS),
        ("purging inboxes", "SELECT app.purge_inbox($1, $2)", _INBOX_MINUTES),
        ("purging kept answers", "SELECT app.purge_kept_answers($1, $2)", _ANSWER_HOURS),
        ("purging closed exceptions", "SELECT app.purge_exceptions($1, $2)", ages.exception_days),
        ("purging ended deadlines", "SELECT app.purge_deadlines($1, $2)", ages.exception_days),
        ("purging webhook messages", "SELECT app.purge_webhooks($1, $2)", _WEBHOOK_DAYS),
        ("purging old notices", "SELECT app.purge_notices($1, $2)", ages.notice_days),
        ("purging received webhooks", "SELECT app.purge_inbound_requests($1, $2)", ages.webhook_days),
        ("purging old mails", "SELECT app.purge_mails($1, $2)", ages.notice_days),
        ("purging links", "SELECT app.purge_links($1, $2)", ages.notice_days),
    ):
        with surviving(what):
            purged = _BATCH
            while purged == _BATCH:
                async with database.doors() as connection:
                    purged = await connection.fetchval(statement, age, _BATCH)


async def clean_evidence(database: Database, rules: Rules) -> None:
    """Cases of evidence that nobody did anything in for as long as ended runs are kept."""
    purged = _BATCH
    while purged == _BATCH:
        async with database.doors() as connection:
            statement = "SELECT app.purge_evidence($1, $2, $3)"
            purged = await connection.fetchval(statement, rules.days, rules.floor, _BATCH)
