"""What most simulated systems begin from: routes, documents, a token, and a time of their own."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar
from urllib.parse import parse_qs, unquote

import msgspec

from infra import clock
from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.documents import Documents, dated
from services.connectors.simulators.faults import HTTP, Faults
from services.connectors.simulators.front import bearer_refusal, wrapped
from services.connectors.simulators.http import Answered, Asked

Form = TypeVar("Form")
_PART: Final = re.compile(r"\{\}")


class Incoming(msgspec.Struct):
    """A request whose route was found. `parts`: what stands for each `{}` of its path."""

    parts: tuple[str, ...]
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes

    def body(self, form: type[Form]) -> Form:
        """Raises Refused 400."""
        try:
            return msgspec.json.decode(self.raw, type=form)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise Refused(400, "bad-body", str(error)) from error


Route = Callable[[Any, Incoming], Answered]


def route(method: str, path: str) -> Callable[[Route], Route]:
    """The method of a system that answers this; `{}` stands for one part of the path."""

    def mark(function: Route) -> Route:
        function.route = (method, re.compile(_PART.sub("([^/]+)", path)))  # type: ignore[attr-defined]  # read below
        return function

    return mark


class Simulated:
    """Fills `System`; a subclass has routes. Its seed is `seed.json` beside its module.

    `stands`: its time stands still then, but for what is let pass; None: it is the machine's.
    """

    failures: frozenset[str] = HTTP
    _routes: ClassVar[list[tuple[str, re.Pattern[str], Route]]]

    def __init_subclass__(cls) -> None:
        found = (getattr(one, "route", None) and (*one.route, one) for _, one in inspect.getmembers(cls))
        cls._routes = [one for one in found if one]

    def __init__(self, data: Path, token: str | None, stands: datetime | None = None) -> None:
        seed = Path(str(sys.modules[type(self).__module__].__file__)).with_name("seed.json")
        self.token = token
        self._stands = stands
        self.kept = Documents(data, seed, self._clock())

    def now(self) -> datetime:
        passed = self.kept.get("clock", "passed") or {"seconds": 0.0}
        return self._clock() + timedelta(seconds=passed["seconds"])

    def _clock(self) -> datetime:
        return (self._stands or clock.now()).replace(microsecond=0)

    def learn(self, books: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        """What a document does not say stays as it was."""
        for kind, one in ((kind, one) for kind, listed in books.items() for one in listed):
            name = one.get("id", one.get("code"))
            if not isinstance(name, str):
                raise ValueError(f"a document of the kind {kind} is known by its `id`")  # noqa: TRY004 (of a file)
            self.kept.put(kind, name, {**(self.kept.get(kind, name) or {}), **dated(one, self._clock())})

    def passed(self, seconds: float) -> None:
        before = self.kept.get("clock", "passed") or {"seconds": 0.0}
        self.kept.put("clock", "passed", {"seconds": before["seconds"] + seconds})

    def refusal(self, asked: Asked, path: str) -> Answered | None:
        del path
        return bearer_refusal(asked, self.token)

    def answer(self, asked: Asked, path: str, query: str) -> Answered:
        for method, pattern, function in self._routes:
            found = pattern.fullmatch(path) if method == asked.method else None
            if found:
                parts = tuple(unquote(one) for one in found.groups())
                given = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
                try:
                    return function(self, Incoming(parts, given, asked.headers, asked.body))
                except Refused as refused:
                    return self.refused(refused)
        return answers.problem(404, "not-found", "There is no such resource")

    def refused(self, refused: Refused) -> Answered:
        """A rule's no, as this system says it."""
        return refused.answered()

    def expire(self) -> Answered:
        return answers.problem(401, "unauthorized", "The token has expired")

    def drifted(self, answered: Answered) -> Answered:
        return wrapped(answered)

    def state(self, *, with_keys: bool) -> dict[str, Any]:
        del with_keys
        return self.kept.counts()

    def failing(self, faults: Faults) -> None:
        """It sends nothing."""

    async def open(self) -> dict[str, str]:
        """It speaks HTTP alone."""
        return {}

    async def run(self) -> None:
        """It only answers."""

    def close(self) -> None:
        self.kept.close()
