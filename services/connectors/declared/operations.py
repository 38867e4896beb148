"""One operation of a manifest: checks, requests, the answer made of what came, and the look for an earlier effect."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET

from services.connectors.capabilities.contracts import COMPLETIONS, Contract
from services.connectors.declared.channels import Channel, Channels
from services.connectors.declared.conditions import Condition
from services.connectors.declared.credentials.kinds import Credentials, identity
from services.connectors.declared.document import CheckPart, Document, Effect, InsteadPart, RequestPart, Setting
from services.connectors.declared.exchanges import Asking, Exchange
from services.connectors.declared.mapping import AWAITED, Filled, Filling, Unmapped
from services.connectors.declared.pages import Pages
from services.connectors.declared.steps import Step
from services.connectors.sdk.connector import Absent, CannotTell, Found, ReadBack
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Misread
from services.connectors.sdk.manifest import Care, age
from services.engine.expressions.protocol import Evaluator
from template_library.dsl.positions import step
from template_library.dsl.schemas import compile_schema, first_error

_MARK: Final = 16
VARIABLES: Final = frozenset({"input", "settings", "states", "key", "mark", "mode", "fresh", "page", "kept"})
"""What every program may use; `mark` is made of the key.

Those on an answer have `status` and `headers` as well, and `beyond`: what the page behind a cut is asked by.

Requests of `also` have `found`, what the request brought, and `also`, what those of them brought that stand before."""


class DeclaredOperation:
    """Keeps nothing of a call. `pointer`: where the operation stands in its manifest."""

    def __init__(self, document: Document, name: str, contract: Contract | None, credentials: Credentials) -> None:
        part = document.operations[name]
        self.pointer = pointer = step("/operations", name)
        channels = Channels(document, part, pointer, credentials)
        self._states = {} if document.order_states is None else document.order_states.states
        self._certificate = document.client_certificate
        self.effect = part.care
        self._care = None if self.effect.is_set else care(self.effect, {})
        self._checks = [_condition(channels, one, f"{pointer}/checks/{index}") for index, one in enumerate(part.checks)]
        self._before = [
            Step(one, place, channels.of(one.request, f"{place}/request"))
            for one, place in ((one, f"{pointer}/before/{index}") for index, one in enumerate(part.before))
        ]
        exchange = channels.of(part.request, f"{pointer}/request", part.instead)
        self._asked: Channel | Pages = exchange
        if part.pages is not None and isinstance(exchange, Exchange):
            self._asked = Pages(part.pages, exchange, f"{pointer}/pages")
        self._also = _more(channels, part.also, pointer)
        self._answer = Filled(part.answer, f"{pointer}/answer")
        self._looked: _Looking | None = None
        if part.read_back is not None:
            looked = part.read_back
            gone = () if looked.absent is None else (InsteadPart(status=looked.absent, answer=None),)
            own = f"{pointer}/read_back"
            answer = self._answer if looked.answer is UNSET else Filled(looked.answer, f"{own}/answer")
            exchange = channels.of(looked.request, f"{own}/request", gone)
            also = _more(channels, looked.also, own)
            self._looked = _Looking(exchange, Filled(looked.found, f"{own}/found"), answer, also)
        self._facts = None if contract is None or contract.facts is None else compile_schema(contract.facts)
        self._completion = None if contract is None else COMPLETIONS.get(contract.completion)
        named = {name for filled in self.parts for one in filled.template.expressions for name in one.variables}
        self._has_fresh, self._has_mark = "fresh" in named, "mark" in named

    @property
    def looks(self) -> bool:
        return self._looked is not None

    @property
    def parts(self) -> tuple[Filled, ...]:
        """Every template in it."""
        return tuple(self._parts())

    def _parts(self) -> Iterator[Filled]:
        yield from (filled for one in self._checks for filled in one.parts)
        yield from (filled for one in self._before for filled in one.parts)
        yield from self._asked.parts
        yield from (filled for one in self._also.values() for filled in one.parts)
        yield self._answer
        if self._looked is not None:
            yield from (*self._looked.exchange.parts, self._looked.found, self._looked.answer)
            yield from (filled for one in self._looked.also.values() for filled in one.parts)

    def care(self, settings: Mapping[str, Any]) -> Care:
        """How a call stands being made again, as the connection has it."""
        return self._care or care(self.effect, settings)

    async def call(self, given: Any, context: Context, evaluator: Evaluator) -> Any:
        """See `Connector.call`; raises Misread, too."""
        asking = self._asking(given, context, evaluator)
        for one in self._checks:
            await one.look(asking)
        for part in self._before:
            await part.take(asking)
        reply = await self._asked.run(asking)
        if reply.instead is None:
            await _ask_more(asking, self._also, reply.body)
        return await self._output(asking, reply.instead or self._answer, reply.body)

    async def read_back(self, given: Any, context: Context, evaluator: Evaluator) -> ReadBack:
        """See `ReadsBack.read_back`; raises Misread, too."""
        if self._looked is None:
            return CannotTell("the connector cannot look for it")
        asking = self._asking(given, context, evaluator)
        reply = await self._looked.exchange.run(asking)
        if reply.instead is not None:
            return Absent()
        await _ask_more(asking, self._looked.also, reply.body)
        found = await _mapped(asking, self._looked.found, reply.body)
        if not isinstance(found, list):
            raise Misread("what was looked for is no list", reply.body)
        if len(found) > 1:
            return CannotTell(f"It has {len(found)} of them", found)
        return Found(await self._output(asking, self._looked.answer, found[0])) if found else Absent()

    async def _output(self, asking: Asking, filled: Filled, body: Any) -> Any:
        found = filled.now(body, asking.variables)
        if found is AWAITED:
            found = await _mapped(asking, filled, body)
        if self._facts is None or self._completion is None:
            return found
        if fault := first_error(self._facts, found, hidden=True):
            raise Misread(fault, found)
        try:
            return self._completion(asking.given, found)
        except ValueError as error:
            raise Misread(str(error), found) from error

    def _asking(self, given: Any, context: Context, evaluator: Evaluator) -> Asking:
        care = self.care(context.settings)
        if self._certificate is not None:
            context.identity = identity(self._certificate, context)
        known = {
            "input": given,
            "settings": context.settings,
            "states": self._states,
            "also": {},
            "found": None,
            "key": context.key,
            "mark": hashlib.sha256(context.key.encode()).hexdigest()[:_MARK] if self._has_mark else "",
            "mode": care.mode,
            # A keyed request is the same in each repetition.
            "fresh": secrets.token_hex(16) if self._has_fresh and care.mode != "keyed" else "",
            "page": None,
            "beyond": None,
            "kept": {},
        }
        return Asking(given, known, context, Filling(evaluator, context.tenant))


class _Looking(msgspec.Struct, frozen=True):
    exchange: Channel
    found: Filled
    answer: Filled
    also: Mapping[str, Channel]


def _condition(channels: Channels, one: CheckPart, pointer: str) -> Condition:
    if one.request is None:
        return Condition(one, pointer, None)
    exchange = channels.of(one.request, f"{pointer}/request")
    if one.pages is None or not isinstance(exchange, Exchange):
        return Condition(one, pointer, exchange)
    return Condition(one, pointer, Pages(one.pages, exchange, f"{pointer}/pages"))


def _more(channels: Channels, parts: Mapping[str, RequestPart], pointer: str) -> Mapping[str, Channel]:
    return {name: channels.of(one, f"{step(f'{pointer}/also', name)}/request") for name, one in parts.items()}


async def _ask_more(asking: Asking, also: Mapping[str, Channel], found: Any) -> None:
    """What the requests of `also` bring, each for those behind it. Raises as `Exchange.run` does."""
    for name, more in also.items():
        asking.variables["found"] = found
        told = (await more.run(asking)).body
        asking.variables["also"] = {**asking.variables["also"], name: told}


async def _mapped(asking: Asking, filled: Filled, body: Any) -> Any:
    try:
        return await asking.filled(filled, body)
    except Unmapped as unmapped:
        raise Misread(unmapped.detail, body) from unmapped


def care(effect: Effect, settings: Mapping[str, Any]) -> Care:
    """What `effect` says, with what the connection's settings say of it."""
    mode: Any = effect.mode
    if isinstance(mode, Setting):
        mode = settings.get(mode.setting, mode.default)
    known: Any = effect.key_valid_for
    if isinstance(known, Setting):
        known = settings.get(known.setting, known.default)
    return Care(mode, None if known is None or mode != "keyed" else age(known))
