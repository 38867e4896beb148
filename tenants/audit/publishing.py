"""Signed heads are published where the database cannot reach: they tell a chain that was cut or made anew."""

from __future__ import annotations

import logging
from typing import Any, Final
from uuid import UUID

from infra.database import Database, surviving
from infra.encryption.signing_key import SigningKey
from tenants.audit.heads import NONE, Heads, Newest, Place
from tenants.audit.lines import Fields, log_name, moment, seal_line
from tenants.audit.verifier import Line, rollback_of

_log: Final = logging.getLogger(__name__)
_PAGE: Final = 500


class Publisher:
    """Keeps what is published up to date. One for the process; safe beside those of others."""

    def __init__(self, heads: Heads, key: SigningKey) -> None:
        self._heads = heads
        self._key = key
        self._known: dict[Place, Newest] = {}
        self._has_looked = False

    async def check(self, database: Database) -> None:
        """Before anything is sealed: tell the database of each log that is behind what was published of it (F-31)."""
        tops = await _tops(database)
        if not self._has_looked:
            for place in await self._heads.places():
                self._known[place] = await self._heads.newest(place)
        for place, known in list(self._known.items()):
            top, _ = tops.get(place, (NONE, 0))
            if top.n < known.n or (top.n == known.n and top.head != known.head) or not self._has_looked:
                await self._is_level(database, place)
        self._has_looked = True

    async def publish(self, database: Database) -> int:
        """Append what is missing; answers lines written. What fails in one log leaves the others their turn."""
        written, level = 0, dict[UUID, int]()
        for place, (top, told) in (await _tops(database)).items():
            if self._known.get(place) != top:
                with surviving("publishing heads of the audit"):
                    written += await self._bring(database, place)
            if told != top.n and self._known.get(place) == top:
                level[place[1]] = top.n
        if level:
            async with database.doors() as connection:
                # By which is known when they stop going out (`tenants.audit.watching`).
                await connection.fetchval(
                    "SELECT app.audit_note_published($1, $2)", list(level.keys()), list(level.values())
                )
        return written

    async def close(self) -> None:
        await self._heads.close()

    async def _bring(self, database: Database, place: Place) -> int:
        written, added = 0, _PAGE
        if not await self._is_level(database, place):
            return 0
        while added == _PAGE:
            newest = await self._heads.newest(place)
            lines = [seal_line(Fields(row)) for row in await _seals(database, place[1], newest.n, _PAGE)]
            added = await self._heads.append(place, newest, lines)
            written += added
        self._known[place] = await self._heads.newest(place)
        return written

    async def _is_level(self, database: Database, place: Place) -> bool:
        """Whether the newest that was published is in the database; where it is not, the database is told."""
        newest = await self._heads.newest(place)
        kind, log_id = place
        if newest.n == 0:
            return True
        own = await _seals(database, log_id, newest.n - 1, 1)
        if own and own[0]["n"] == newest.n and own[0]["head"].hex() == newest.head:
            return True
        async with database.doors() as connection:
            told = await connection.fetchrow(
                "SELECT * FROM app.audit_roll_back($1, $2, $3, $4)", log_id, kind, newest.n, bytes.fromhex(newest.head)
            )
        if told["accepted_at"] is None:
            _log.critical(
                "an audit is behind what was published of it: the database was rolled back, or somebody changed it. "
                "Nothing of it is sealed until an operator accepts it (`audit accept-rollback`)",
                extra={"log": log_name(kind, log_id), "published": newest.n, "here": told["own_n"]},
            )
            return False
        line = await self._rollback(database, place, told)
        await self._heads.append(place, newest, [line])
        self._known[place] = Newest(line["n"], line["head"])
        return True

    async def _rollback(self, database: Database, place: Place, told: Any) -> Line:
        """The line behind which numbers begin again, signed."""
        last = await _seals(database, place[1], told["own_n"] - 1, 1)
        stated: Line = {
            "kind": "rollback",
            "log": log_name(*place),
            "n": told["own_n"],
            "head": last[0]["head"].hex() if last and told["own_n"] else "",
            "at": moment(told["accepted_at"]),
            "by": told["accepted_by"],
            "key": self._key.public.hex(),
        }
        return {**stated, "signature": self._key.sign(rollback_of(stated)).hex()}


async def _tops(database: Database) -> dict[Place, tuple[Newest, int]]:
    """The newest batch of each log, and up to which it is known to be published."""
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.audit_tops()")
    return {(row["kind"], row["log_id"]): (Newest(row["n"], row["head"].hex()), row["published_n"]) for row in rows}


async def _seals(database: Database, log_id: UUID, behind: int, most: int) -> list[Any]:
    async with database.doors() as connection:
        return list(await connection.fetch("SELECT * FROM app.audit_seals($1, $2, $3)", log_id, behind, most))
