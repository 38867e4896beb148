"""Calls over a group of connections, led to the one that its rules choose (ADR 0083).

Stands before everything else that looks at a call's connection: rules on writes, playbooks, fallbacks, breakers.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, TypeVar
from uuid import UUID

from msgspec.structs import replace

from services.connectors.choices import Choices, Wanted, wanted
from services.connectors.sdk.errors import Refusal
from services.connectors.visit import unknown
from services.engine.functions import STANDARD_ERRORS, Answer, Call, Cautious, ErrorDetails, Failed, Terms

_MOST: Final = 10_000
_Key = tuple[UUID, UUID, str, bytes]
K = TypeVar("K")
V = TypeVar("V")


class Choosing:
    """Fills the engine's Function and Cautious protocols before another that does. A plain name passes as it is."""

    def __init__(self, function: Cautious, choices: Choices) -> None:
        self._function = function
        self._choices = choices
        self._chosen: OrderedDict[_Key, UUID] = OrderedDict()
        self._refused: OrderedDict[str, Failed] = OrderedDict()

    async def __call__(self, call: Call) -> Answer:
        # What had no rule when its terms were asked has none now: it is not in the ledger, and must not be sent.
        refused = self._refused.pop(call.key, None)
        led = refused or await self._led(call)
        return led if isinstance(led, Failed) else await self._function(led)

    async def terms(self, call: Call) -> Terms | None:
        """See `Cautious`."""
        led = await self._led(call)
        if isinstance(led, Failed):
            _keep(self._refused, call.key, led)
            return None
        self._refused.pop(call.key, None)
        return await self._function.terms(led)

    async def settle(self, call: Call) -> Answer:
        """See `Cautious`. It is looked for where it was sent to, and nowhere else."""
        try:
            one = wanted(call)
        except Refusal as refusal:
            return unknown(f"it was sent, and it cannot be looked for: {refusal.detail}")
        if one is None:
            return await self._function.settle(call)
        found = await self._choices.kept(call, one)
        if found is None:
            return unknown("it was sent, and which connection its group chose is not known any more")
        return await self._function.settle(_over(call, one, found))

    async def _led(self, call: Call) -> Call | Failed:
        """The call with its connection."""
        try:
            one = wanted(call)
            if one is None:
                return call
            key = (call.tenant, call.run, one.name, one.digest)
            found = self._chosen.get(key)
            if found is None:
                found = await self._choices.choose(call, one)
                _keep(self._chosen, key, found)
        except Refusal as refusal:
            kind = STANDARD_ERRORS + refusal.name
            error = ErrorDetails(type=kind, status=refusal.status, title=refusal.title, detail=refusal.detail)
            return Failed(error=error, sent=False)
        return _over(call, one, found)


def _over(call: Call, one: Wanted, connection: UUID) -> Call:
    return replace(call, bindings={**call.bindings, one.name: connection})


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    if len(kept) > _MOST:
        kept.popitem(last=False)
