"""A worker that dies behind a call, before its answer is kept: another one makes it again, as the product does."""

from __future__ import annotations

from services.engine.functions import Answer, Call, Cautious, Function, Later, Terms


def restarting(function: Function) -> Function:
    """`function`, each of whose calls is made once more by somebody who knows nothing of its answer."""
    return _Careful(function) if isinstance(function, Cautious) else _Again(function)


class _Again:
    def __init__(self, function: Function) -> None:
        self._function = function
        self._died: set[str] = set()

    async def __call__(self, call: Call) -> Answer:
        first = await self._function(call)
        if isinstance(first, Later) or call.key in self._died:
            return first
        self._died.add(call.key)
        return await self._function(call)


class _Careful:
    def __init__(self, function: Cautious) -> None:
        self._function = function
        self._died: set[str] = set()

    async def __call__(self, call: Call) -> Answer:
        first = await self._function(call)
        if isinstance(first, Later) or call.key in self._died:
            return first
        self._died.add(call.key)
        terms = await self._function.terms(call)
        if terms is None or not terms.needs_row:
            return await self._function(call)
        # It was committed that this was sent: it is looked for, and sent again only when it is not there.
        found = await self._function.settle(call)
        return await self._function(call) if isinstance(found, Later) and found.absent else found

    async def terms(self, call: Call) -> Terms | None:
        return await self._function.terms(call)

    async def settle(self, call: Call) -> Answer:
        return await self._function.settle(call)
