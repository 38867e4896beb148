"""What an answer means by a manifest's rules: an answer to map, a definite no, later, or other credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from infra.egress import Response
from services.connectors.declared import hints
from services.connectors.declared.document import ErrorRule, InsteadPart
from services.connectors.declared.mapping import Filled, Filling, Unmapped
from services.connectors.declared.statuses import Fits
from services.connectors.sdk.answers import expect_presence, read_json, retry_after, said
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away, Misread, Refusal
from services.connectors.sdk.redaction import excerpt
from services.engine import values

Wrapping = Literal["", "graphql", "json_rpc"]

_OK: Final = range(200, 300)
_CLIENT_ERROR: Final = 400
_CONFLICT: Final = 409


class Ended(Exception):
    """A rule says that the credentials do not hold. `words`: why, for a person."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Reply(msgspec.Struct, frozen=True):
    """`body`: JSON, unwrapped. `instead`: the answer of the rule that fits, where it is not the operation's own."""

    body: Any
    response: Response
    instead: Filled | None = None


class _Rule:
    def __init__(self, rule: ErrorRule, pointer: str) -> None:
        self.kind = rule.kind
        self.change = rule.change
        self.fits = Fits(rule, pointer)
        self.message = None if rule.message is None else Filled(rule.message, f"{pointer}/message")


class Replies:
    """Reads the answers of one operation. Rules are looked at in their order, the operation's before the manifest's."""

    def __init__(
        self,
        instead: Sequence[tuple[InsteadPart, str]],
        errors: Sequence[tuple[ErrorRule, str]],
        *,
        wrapping: Wrapping = "",
        change: str = "",
        scopes: Sequence[str] = (),
    ) -> None:
        """`instead`, `errors`: with their pointers. `change`: what to look at when credentials are refused."""
        self._instead = [(Fits(one, place), Filled(one.answer, f"{place}/answer")) for one, place in instead]
        self._rules = [_Rule(one, place) for one, place in errors]
        self._wrapping = wrapping
        self.change = change
        self._scopes = scopes

    @property
    def parts(self) -> tuple[Filled, ...]:
        """Every template in it."""
        found = [part for fits, answer in self._instead for part in (fits.when, answer)]
        found += [part for rule in self._rules for part in (rule.fits.when, rule.message)]
        return tuple(part for part in found if part is not None)

    async def read(self, response: Response, context: Context, variables: Mapping[str, Any], filling: Filling) -> Reply:
        """What is to be mapped.

        Raises:
            Ended, Refusal, Away: as the rules say, or by the status where none fits.
            Misread: it is no answer of the protocol.
        """
        status, is_well = response.status, response.status in _OK
        body = _body(response) if is_well else _lenient(response)
        for fits, answer in self._instead:
            if fits.may(status) and await fits.does(status, body, variables, filling):
                return Reply(body, response, answer)
        for rule in self._rules:
            if rule.fits.may(status) and await rule.fits.does(status, body, variables, filling):
                raise await self._raised(rule, response, body, context, variables, filling)
        if not is_well:
            expect_presence(response)
            raise hints.refusal(response, context, change=self.change, scopes=self._scopes)
        return Reply(self._unwrapped(body, context) if self._wrapping else body, response)

    async def _raised(  # noqa: PLR0913, PLR0917 (all that is known of an answer)
        self,
        rule: _Rule,
        response: Response,
        body: Any,
        context: Context,
        variables: Mapping[str, Any],
        filling: Filling,
    ) -> Exception:
        words = await self._words(rule, response, body, context, variables, filling)
        if rule.kind == "reconnect":
            return Ended(words)
        if rule.kind == "refuse":
            more = f". Look at `{rule.change}` of the connection" if rule.change else ""
            status = response.status if response.status >= _CLIENT_ERROR else _CONFLICT
            return Refusal(f"{words}{more}", status=status)
        return Away(_lower(words), seconds=retry_after(response), sent=rule.kind == "uncertain")

    async def _words(  # noqa: PLR0913, PLR0917 (likewise)
        self,
        rule: _Rule,
        response: Response,
        body: Any,
        context: Context,
        variables: Mapping[str, Any],
        filling: Filling,
    ) -> str:
        told: Any = None
        if rule.message is not None:
            try:
                told = await rule.message.of(body, variables, filling)
            except Unmapped:
                told = None
        if isinstance(told, str) and told:
            return excerpt(told, context.secrets.values())
        words = said(response, context)
        return f"It answered with status {response.status}{f': {words}' if words else ''}"

    def _unwrapped(self, body: Any, context: Context) -> Any:
        """Data of GraphQL, the result of JSON-RPC. Errors that no rule is about are a definite no."""
        name, errors = ("data", "errors") if self._wrapping == "graphql" else ("result", "error")
        found: dict[str, Any] = body if isinstance(body, dict) else {}
        if found.get(errors):
            first = found[errors][0] if isinstance(found[errors], list) else found[errors]
            told = first.get("message") if isinstance(first, dict) else first
            words = excerpt(told if isinstance(told, str) else "", context.secrets.values())
            raise Refusal(f"It refused{f': {words}' if words else ''}", status=_CONFLICT)
        if name not in found:
            raise Misread(f"its answer has no `{name}`", body)
        return found[name]


def _body(response: Response) -> Any:
    return read_json(response) if response.body else None


def _lenient(response: Response) -> Any:
    """Of an answer that is none: null where it is no JSON."""
    try:
        return values.decode(response.body)
    except values.ValueRefused:
        return None


def _lower(words: str) -> str:
    """As a reason to wait reads."""
    return words[:1].lower() + words[1:] if words[:3] == "It " else words
