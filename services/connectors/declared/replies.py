"""What an answer means by a manifest's rules: an answer to map, a definite no, later, or other credentials."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import msgspec

from infra.egress import Response
from services.connectors.declared import verdicts, waiting
from services.connectors.declared.document import ErrorRule, InsteadPart, Waits
from services.connectors.declared.forms.form import Form
from services.connectors.declared.mapping import Filled, Filling, Unmapped
from services.connectors.declared.statuses import Fits
from services.connectors.declared.verdicts import Judged, Said
from services.connectors.sdk import hints
from services.connectors.sdk.answers import expect_presence, said
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away, Misread

_OK: Final = range(200, 300)


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
        self.is_own = self.message is not None and self.message.is_constant
        self.after = None if rule.after is None else Filled(rule.after, f"{pointer}/after")


class Replies:
    """Reads the answers of one operation. Rules are looked at in their order, the operation's before the manifest's."""

    def __init__(  # noqa: PLR0913 (what answers are judged by)
        self,
        instead: Sequence[tuple[InsteadPart, str]],
        errors: Sequence[tuple[ErrorRule, str]],
        *,
        form: Form,
        waits: Waits | None = None,
        change: str = "",
        scopes: Sequence[str] = (),
        secrets: Collection[str] = (),
    ) -> None:
        """`instead`, `errors`: with their pointers. `change`: what to look at when credentials are refused.

        `secrets`: names of the manifest's.
        """
        self._instead = [(Fits(one, place), Filled(one.answer, f"{place}/answer")) for one, place in instead]
        self._rules = [_Rule(one, place) for one, place in errors]
        self._form = form
        self._waits = waits
        self.change = change
        self._scopes = scopes
        self._secrets = frozenset(secrets)

    @property
    def parts(self) -> tuple[Filled, ...]:
        """Every template in it."""
        found = [part for fits, answer in self._instead for part in (fits.when, answer)]
        found += [part for rule in self._rules for part in (rule.fits.when, rule.message, rule.after)]
        return tuple(part for part in found if part is not None)

    async def read(self, response: Response, context: Context, variables: Mapping[str, Any], filling: Filling) -> Reply:
        """What is to be mapped.

        Raises:
            Ended, Refusal, Away: as the rules say, or by its error's code or its status where none fits.
            Misread: it is no answer of the form, or has an error beside an answer.
        """
        status, is_well = response.status, response.status in _OK
        body = self._form.decode(response) if is_well else self._lenient(response)
        trouble = self._form.trouble(body)
        codes = frozenset() if trouble is None else trouble.codes
        for fits, answer in self._instead:
            if fits.may(status, codes) and await fits.does(body, variables, filling):
                return Reply(body, response, answer)
        seconds = waiting.seconds(response, self._waits)
        judged = Judged(response, context, trouble, self.change, self._scopes, self._secrets, seconds)
        for rule in self._rules:
            if rule.fits.may(status, codes) and await rule.fits.does(body, variables, filling):
                told = Said(await _filled(rule.message, body, variables, filling), rule.is_own)
                after = await _filled(rule.after, body, variables, filling)
                raise verdicts.of_rule(rule.kind, judged, told=told, after=after, change=rule.change)
        if trouble is not None and (is_well or trouble.means):
            raise verdicts.of_trouble(judged, trouble, body)
        if not is_well:
            expect_presence(response, seconds)
            raise hints.refusal(response, said(response, context), change=self.change, scopes=self._scopes)
        return Reply(self._form.unwrapped(body), response)

    def _lenient(self, response: Response) -> Any:
        """Of an answer that is none: null where it is not of the form."""
        try:
            return self._form.decode(response)
        except (Away, Misread):
            return None


async def _filled(part: Filled | None, body: Any, variables: Mapping[str, Any], filling: Filling) -> Any:
    """None where it cannot be: an error stays the error that it is."""
    try:
        return None if part is None else await part.of(body, variables, filling)
    except Unmapped:
        return None
