"""Files that take longer than a session has: they keep no other waiting, and are told when they cannot be taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from infra.egress.sftp import Entry

TRIES: Final = 3
"""Looks that had all their time for one file."""
Kept = dict[str, str]
"""Files by name, each as it was: size and time, which are others when it was written again."""


def mark(entry: Entry) -> str:
    return f"{entry.size}-{entry.modified}"


def kept(cursor: Any, member: str) -> Kept:
    """Of a cursor, which the last look gave."""
    found = cursor.get(member) if isinstance(cursor, dict) else None
    return found if isinstance(found, dict) else {}


class Slow:
    """Those of one folder. `seconds`: of a session; with more of them each is tried anew."""

    def __init__(self, cursor: Any, seconds: float) -> None:
        self._known = kept(cursor, "slow")
        self._seconds = seconds

    def last(self, entries: Sequence[Entry]) -> list[Entry]:
        """In their order, behind those that were never slow."""
        return sorted(entries, key=lambda one: self._tries(one) > 0)

    def lets(self, entry: Entry, *, is_first: bool) -> bool:
        """Whether it may be begun: one that was slow has a look for itself, and that a few times."""
        tries = self._tries(entry)
        return not tries or (is_first and tries < TRIES)

    def note(self, entry: Entry, *, is_first: bool) -> None:
        """Its time was over before it was read; that counts where nothing else had a part of it."""
        if is_first:
            self._known = {**self._known, entry.name: self._told(entry, self._tries(entry) + 1)}

    def is_given_up(self, entry: Entry) -> bool:
        return self._tries(entry) >= TRIES

    def why(self, entry: Entry) -> str:
        return (
            f"it has {entry.size} bytes and cannot be read in half of a session of {self._seconds:g} seconds: "
            "raise the setting `timeout_seconds`, or have it sent in parts"
        )

    def kept(self, entries: Sequence[Entry]) -> dict[str, Kept]:
        """Of the next cursor: those that are still there as they were."""
        found = {one.name: self._known[one.name] for one in entries if self._tries(one)}
        return {"slow": found} if found else {}

    def _told(self, entry: Entry, tries: int) -> str:
        return f"{mark(entry)} {self._seconds:g} {tries}"

    def _tries(self, entry: Entry) -> int:
        known = self._known.get(entry.name, "")
        return next((tries for tries in range(1, TRIES + 1) if known == self._told(entry, tries)), 0)
