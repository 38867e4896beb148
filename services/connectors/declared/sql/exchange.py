"""A request of a manifest that runs a statement: what an exchange over HTTP is to the others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from infra import clock
from infra.egress import Response
from infra.egress.sql import SqlRefused
from services.connectors.declared.exchanges import Asking
from services.connectors.declared.mapping import Filled, Unmapped
from services.connectors.declared.replies import Reply
from services.connectors.declared.sql.named import Named, refusal
from services.connectors.declared.sql_parts import SqlPart
from services.connectors.sdk.errors import Refusal
from services.connectors.sql import cells, parameters, refusals, session
from services.connectors.sql.cells import Unreadable
from services.connectors.sql.parameters import Unbound
from services.connectors.sql.statements import Statement

_DONE: Final = Response(200, {}, b"")


class SqlExchange:
    """Fills what `Exchange` does, for a request with `sql`.

    `read` and `write` give `{rows, count, as_of}`; `check` has the database look at every statement of a setting, runs
    none, and gives `{statements}`. `as_of`: the moment before the statement ran, of which no row is older.
    """

    def __init__(self, part: SqlPart, pointer: str, known: Mapping[str, Any], scopes: Sequence[str]) -> None:
        """`known`: statements of the manifest, by name. `scopes`: rights that the account needs."""
        self._do = part.do
        self._scopes = scopes
        self._named = Named(part.statement, f"{pointer}/statement", known)
        self._values = Filled(part.values, f"{pointer}/values")

    @property
    def parts(self) -> tuple[Filled, ...]:
        """Every template in it."""
        return (*self._named.parts, self._values)

    async def run(self, asking: Asking, path: str | None = None) -> Reply:
        """Run it, a write with its commit.

        Raises:
            Refusal: it cannot be done, with what to change; nothing was done.
            Away: as `session.opened`.
        """
        del path
        if self._do == "check":
            return Reply({"statements": await self._checked(asking)}, _DONE)
        about, statement = await self._named.one(asking, self._do)
        given = await self._given(asking, about, statement)
        context, writes = asking.context, self._do == "write"
        async with session.opened(context, about=about, scopes=self._scopes, writes=writes) as database:
            as_of = clock.now().isoformat(timespec="milliseconds")
            answer = await database.run(statement.text, given)
            try:
                # In a thread: ten megabytes take a while. Before the commit: what cannot be read was not done.
                rows = await asyncio.to_thread(cells.rows, answer, statement.most_rows)
            except Unreadable as error:
                raise refusal(f"{about} cannot be used: {error.detail}") from error
            if writes:
                await session.commit(database, context)
        return Reply({"rows": rows, "count": answer.count, "as_of": as_of}, _DONE)

    async def _given(self, asking: Asking, about: str, statement: Statement) -> list[Any]:
        """What is bound. Raises Refusal."""
        try:
            values = await asking.filled(self._values, asking.given)
            return parameters.bound(statement, values, all_of=not self._named.is_part)
        except (Unmapped, Unbound) as error:
            detail = f"{about} was not run: {error.detail}"
            raise Refusal(detail, name="validation", status=400, title="The input has no place") from error

    async def _checked(self, asking: Asking) -> int:
        """How many there are. Raises Refusal: one of them cannot be used."""
        context, count = asking.context, 0
        async with session.opened(context, about="It", scopes=self._scopes, writes=False) as database:
            for about, statement in self._named.all(context.settings):
                count += 1
                try:
                    wanted = len(await database.prepare(statement.text))
                except SqlRefused as refused:
                    raise refusals.of(refused, context, about, self._scopes) from refused
                if wanted != len(statement.parameters):
                    declared = len(statement.parameters)
                    raise refusal(f"{about} cannot be used: it has {wanted} parameters, and {declared} are declared")
        return count
