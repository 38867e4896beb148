"""Taking what came to a folder: each message once, by a cursor of its number, and none is removed.

The cursor goes into the database with the events. So a message is marked or moved by the call after the one that read
it, when its event is there.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec

from infra import clock
from infra.mail.errors import NotRead
from infra.mail.imap import Entry, Folder, Mailbox
from services.connectors.builtin.imap import reading
from services.connectors.builtin.imap.bounds import MOST_BYTES, Unfit
from services.connectors.builtin.imap.session import MOST_READ

_MOST: Final = 50
"""Messages of one call; the others are for the next one."""
_STEP: Final = 10_000
"""Numbers that are asked about at once: those of messages that are gone are many."""
_STEPS: Final = 50
_MARGIN: Final = timedelta(days=2)
"""Before the day on which all had been taken: a server's day, clock and zone are its own."""
_TRIES: Final = 3
_SLOW: Final = (
    "it has {} bytes, and could not be read in half of a session, three times: look at it by hand, and at the setting "
    "`timeout_seconds`"
)
_LARGE: Final = "it has {} bytes, and {} are taken: have what is in it sent in parts"
_FLAGS: Final = {"seen": "\\Seen", "flagged": "\\Flagged"}
_ANEW: Final = (
    "the server has numbered the folder anew (UIDVALIDITY): what came since {} is read again, and told where it is not "
    "known. What was put there meanwhile with an older date is not read: look for it by hand"
)
_UNMOVED: Final = (
    "what was taken from it cannot be moved or marked: is the folder of the setting `done` there, may the account "
    "write in both, and can the server move messages?"
)


class Taking(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken from where. `since`: the first day; `until`: by the monotonic clock, none is begun after it.

    `seconds`: of a session.
    """

    folder: str
    since: date
    until: float
    seconds: float
    done: str = ""
    mark: str = "none"
    verdicts_of: str = ""

    @property
    def changes(self) -> bool:
        return bool(self.done) or self.mark in _FLAGS


class Cursor(msgspec.Struct, kw_only=True):
    """How far a folder was taken.

    Attributes:
        validity: under which numbering; 0: it was never looked at.
        uid: all up to this one were.
        caught_up: the last day on which nothing was left to take.
        floor: since when messages count, until all of them are taken.
        taken: those of the last call, to be marked or moved.
        tries: how often the next one took too long.
    """

    validity: int = 0
    uid: int = 0
    caught_up: date | None = None
    floor: date | None = None
    taken: list[int] = []
    tries: int = 0


async def take(mailbox: Mailbox, taking: Taking, given: Any) -> dict[str, Any]:
    """`messages`, each with its `data` or why it is `unfit`, and the next `cursor`. Raises NotRead."""
    cursor = msgspec.convert(given, Cursor) if isinstance(given, dict) else Cursor()
    folder = await mailbox.open(taking.folder, to_change=taking.changes and bool(cursor.taken))
    if folder.validity == cursor.validity:
        found = await _put_away(mailbox, folder, taking, cursor.taken)
    else:
        found = _begin_anew(folder, taking, cursor)
    cursor.taken = []
    uids, scanned = await _listed(mailbox, folder, cursor.uid + 1, cursor.floor)
    if await _taken(mailbox, folder, taking, cursor, uids[:_MOST], found) and len(uids) <= _MOST:
        cursor.uid = max(cursor.uid, scanned)
        if scanned + 1 >= folder.following:
            cursor.caught_up, cursor.floor = clock.now().date(), None
    return {"messages": found, "cursor": msgspec.to_builtins(cursor)}


async def _taken(  # noqa: PLR0913, PLR0917 (all that is known of one look)
    mailbox: Mailbox, folder: Folder, taking: Taking, cursor: Cursor, uids: list[int], found: list[dict[str, Any]]
) -> bool:
    """Put what is in them behind `found` and move the cursor; whether all of them were taken."""
    entries = {one.uid: one for one in await mailbox.entries(uids)}
    read = 0
    for count, uid in enumerate(uids):
        if count and (read >= MOST_READ or clock.monotonic() >= taking.until):
            return False
        # What the server says nothing of may be there all the same.
        entry = entries.get(uid) or Entry(uid, 0, clock.now())
        try:
            async with asyncio.timeout(max(taking.until - clock.monotonic(), taking.seconds / 4)):
                message = await _message(mailbox, folder, entry, taking)
        except TimeoutError:
            # In the midst of an answer: nothing else can be asked in this session.
            _put_off(folder, entry, cursor, found, is_first=not count)
            return False
        cursor.uid, cursor.tries = uid, 0
        read += min(entry.size, MOST_BYTES)
        if message is not None:
            found.append(message)
            # One that could not be found again by its name stays where it is.
            is_kept = bool(taking.done) and not message.get("data", {}).get("message_id")
            if taking.changes and "data" in message and not is_kept:
                cursor.taken.append(uid)
    return True


def _put_off(folder: Folder, entry: Entry, cursor: Cursor, found: list[dict[str, Any]], *, is_first: bool) -> None:
    """To the next call, where it is the first; the third time that it takes too long there it is passed over."""
    if not is_first:
        return
    cursor.tries += 1
    if cursor.tries >= _TRIES:
        cursor.uid, cursor.tries = entry.uid, 0
        found.append(_unfit(folder, entry.uid, _SLOW.format(entry.size)))


def _begin_anew(folder: Folder, taking: Taking, cursor: Cursor) -> list[dict[str, Any]]:
    floor = taking.since if cursor.caught_up is None else cursor.caught_up - _MARGIN
    told = [_unfit(folder, 0, _ANEW.format(floor.isoformat()))] if cursor.validity else []
    cursor.validity, cursor.uid, cursor.floor = folder.validity, 0, floor
    return told


async def _listed(mailbox: Mailbox, folder: Folder, first: int, since: date | None) -> tuple[list[int], int]:
    """More than are taken at once, where there are as many, and up to which number was looked."""
    found: list[int] = []
    scanned = first - 1
    for _ in range(_STEPS):
        if len(found) > _MOST or scanned + 1 >= folder.following:
            break
        last = min(scanned + _STEP, folder.following - 1)
        found += await mailbox.search(scanned + 1, last, since)
        scanned = last
    return found, scanned


async def _message(mailbox: Mailbox, folder: Folder, entry: Entry, taking: Taking) -> dict[str, Any] | None:
    """None: it is gone."""
    if entry.size > MOST_BYTES:
        return _unfit(folder, entry.uid, _LARGE.format(entry.size, MOST_BYTES))
    try:
        raw = await mailbox.read(entry.uid, MOST_BYTES + 1)
        if raw is None:
            return None
        mail = await asyncio.to_thread(reading.read, raw, taking.verdicts_of)
    except Unfit as unfit:
        return _unfit(folder, entry.uid, unfit.why)
    place = {"folder": folder.name, "uid": entry.uid, "uidvalidity": folder.validity}
    arrived = entry.arrived.astimezone(UTC).isoformat().replace("+00:00", "Z")
    data = {**place, "received_at": arrived, **mail.data}
    return {"id": mail.id, "version": mail.version, "time": arrived, "data": data}


async def _put_away(mailbox: Mailbox, folder: Folder, taking: Taking, uids: list[int]) -> list[dict[str, Any]]:
    """Who cannot move messages can still take others: that is told once, and they stay."""
    if not uids or not taking.changes:
        return []
    try:
        if taking.mark in _FLAGS:
            await mailbox.mark(uids, _FLAGS[taking.mark])
        if taking.done:
            await mailbox.move(uids, taking.done)
    except NotRead as error:
        if error.stage in {"connection", "large"}:
            raise
        return [_unfit(folder, 0, _UNMOVED)]
    return []


def _unfit(folder: Folder, uid: int, why: str) -> dict[str, Any]:
    """Told with its place; uid 0: the folder."""
    place = f"{folder.name}, message {uid}" if uid else folder.name
    return {"unfit": f"{place}: {why}", "known_by": [folder.name, folder.validity, uid, why]}


def day(text: str) -> date:
    """Of a setting, or of an instant as RFC 3339 has it. Raises ValueError."""
    return date.fromisoformat(text) if len(text) == len("2026-01-01") else datetime.fromisoformat(text).date()
