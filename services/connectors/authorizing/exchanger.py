"""Exchanges the codes that browsers bring back: the API seals them and opens no client's secret (ADR 0054, 0086)."""

from __future__ import annotations

import asyncio
from typing import Final

from infra.database import surviving
from infra.encryption.errors import SecretUnreadable
from infra.problems import Problem
from infra.telemetry import working_for
from services.connectors.authorizing import keeper
from services.connectors.declared.credentials import token_endpoint
from services.connectors.function import Connections
from services.connectors.registry import Registry
from services.connectors.sdk.authorization import Authorizes
from services.connectors.sdk.context import Context, GrantOver, Pair, Sender
from services.connectors.sdk.errors import Away, Refusal
from tenants.connections.codes import Codes, Opened, Overtaken, Taken
from tenants.connections.grants import Tokens

_AT_ONCE: Final = 8
_KEY: Final = "authorization"


class Exchanger:
    """`run` until cancelled. Of several processes each code is one's: it counts once."""

    def __init__(self, registry: Registry, connections: Connections, sender: Sender, codes: Codes) -> None:
        self._registry = registry
        self._connections = connections
        self._sender = sender
        self._codes = codes

    async def run(self, poll: float) -> None:
        """Until cancelled: a look each `poll` seconds."""
        while True:
            with surviving("exchanging codes"):
                await self.round()
            await asyncio.sleep(poll)

    async def round(self) -> int:
        """Exchange what was brought; answers how many were taken."""
        taken = await self._codes.take(_AT_ONCE)
        await asyncio.gather(*(self._settle(one) for one in taken))
        return len(taken)

    async def _settle(self, taken: Taken) -> None:
        working_for(taken.tenant)
        with surviving("exchanging a code"):
            try:
                await self._exchange(taken)
            except Overtaken:
                return
            except GrantOver as over:
                await self._refuse(taken, "code-refused", f"The code was refused ({over})")
            except Away as away:
                await self._refuse(taken, "away", away.reason)
            except (Refusal, Problem) as refused:
                await self._refuse(taken, "settings", refused.detail)

    async def _refuse(self, taken: Taken, reason: str, detail: str) -> None:
        try:
            await self._codes.refuse(taken, reason, detail)
        except Overtaken:
            return

    async def _exchange(self, taken: Taken) -> None:
        """Raises GrantOver, Away, Refusal, Problem: nothing came of it. Overtaken: it is nobody's any more."""
        try:
            opened = await self._codes.read(taken)
        except SecretUnreadable as unreadable:
            raise Refusal(unreadable.detail, name="configuration") from unreadable
        pair = await self._asked(taken, opened)
        tokens = Tokens(pair.access, pair.refresh, opened.brought.leads_to, pair.scopes)
        await self._codes.store(taken, opened, tokens, keeper.held_for(pair.seconds))

    async def _asked(self, taken: Taken, opened: Opened) -> Pair:
        connection = await self._connections.open(taken.tenant, taken.connection)
        connector: object = self._registry.connector(connection.connector)
        grant = connector.code_grant(connection.settings) if isinstance(connector, Authorizes) else None
        brought = opened.brought
        if grant is None or grant.leads_to != brought.leads_to:
            raise Refusal("The connection was changed since the browser left", name="configuration")
        context = Context(self._sender, taken.tenant, connection, _KEY)
        return await token_endpoint.by_code(grant, context, brought.code, brought.verifier, brought.redirect_uri)
