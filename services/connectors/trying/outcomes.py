"""What came of a test's call, in the form of what is expected of it, and where the two differ."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import UNSET

from services.connectors.trying.cases import Class, Error, Expect, NewsExpected
from services.engine.functions import STANDARD_ERRORS, Answer, Done, Failed, Later
from template_library.scenarios import differences

_AUTHENTICATION: Final = f"{STANDARD_ERRORS}authentication"
Outcome = Expect
"""The words of an error are its `says`."""


def told(answer: Answer) -> Outcome:
    """What the engine would be answered."""
    if isinstance(answer, Done):
        return Expect(output=answer.output)
    if isinstance(answer, Later):
        return error("uncertain" if answer.uncertain else "retry", answer.reason, answer.seconds)
    if isinstance(answer, Failed):
        return error("reconnect" if answer.error.type == _AUTHENTICATION else "refuse", answer.error.detail)
    return error("ask", answer.error.detail)


def error(kind: Class, words: str, after: float | None = None) -> Outcome:
    """An error of this class. `after`: seconds for which the other side wants to be left alone, where it says so."""
    return Expect(error=Error(kind, words, None if after is None else float(after)))


def unlike(expected: Expect, found: Outcome) -> list[str]:
    """Where they differ, a line each."""
    if expected.output is not UNSET and found.output is not UNSET:
        return differences(expected.output, found.output, "/output")
    if expected.news is not None and found.news is not None:
        return _unlike_news(expected.news, found.news)
    if expected.error is not None and found.error is not None:
        return _unlike_error(expected.error, found.error)
    if expected.absent and found.absent:
        return []
    if expected.cannot_tell is not None and found.cannot_tell is not None:
        return [] if expected.cannot_tell in found.cannot_tell else [f"it said: {found.cannot_tell}"]
    return [f"what came of it was {_shown(found)}"]


def _unlike_error(expected: Error, found: Error) -> list[str]:
    wrong = differences(expected.kind, found.kind, "/error/class")
    if expected.says not in found.says:
        wrong.append(f"/error does not say {expected.says!r}")
    if expected.after is not None:
        wrong += differences(expected.after, found.after, "/error/after")
    return [*wrong, f"the error was: {found.says}"] if wrong else []


def _unlike_news(expected: NewsExpected, found: NewsExpected) -> list[str]:
    wrong = [] if expected.cursor is UNSET else differences(expected.cursor, found.cursor, "/news/cursor")
    if len(expected.items) != len(found.items):
        return [*wrong, f"/news/items are {len(found.items)}, not {len(expected.items)}"]
    for index, (one, other) in enumerate(zip(expected.items, found.items, strict=True)):
        place = f"/news/items/{index}"
        if "unfit" in one and "unfit" in other:
            wrong += [] if one["unfit"] in other["unfit"] else [f"{place} says: {other['unfit']}"]
        elif "unfit" in other:
            wrong.append(f"{place} makes no event: {other['unfit']}")
        else:
            wrong += differences(one, other, place)
    return wrong


def _shown(found: Outcome) -> str:
    if found.error is not None:
        return f"an error of the class {found.error.kind}: {found.error.says}"
    if found.news is not None:
        return f"news: {msgspec.json.encode(found.news.items).decode()[:300]}"
    if found.absent:
        return "that it has not happened"
    if found.cannot_tell is not None:
        return f"that nobody can tell: {found.cannot_tell}"
    return f"the output {msgspec.json.encode(found.output).decode()[:300]}"
