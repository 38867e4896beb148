"""`tests.yaml`, beside a manifest: its tests, in the form that `tests.schema.json` holds them to.

More may stand in `tests-WHAT.yaml`: one document holds so many values and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET

from services.connectors.declared import reading
from services.connectors.declared.document import Document
from services.connectors.declared.form import Form
from services.connectors.declared.mistakes import near
from services.connectors.declared.trigger_parts import WebhookPart
from template_library.dsl import reader
from template_library.dsl.errors import DocumentError, Violation
from template_library.dsl.positions import Source

FILE: Final = "tests.yaml"
_MORE: Final = "tests-*.yaml"
Class = Literal["retry", "refuse", "reconnect", "uncertain", "ask"]
_FORM: Final = Form(Path(__file__).with_name("tests.schema.json"))


class Wanted(msgspec.Struct, frozen=True):
    """A request that must come. `query`, `headers` and `body` count where they are given."""

    path: str
    method: str = "GET"
    query: dict[str, Any] | None = None
    headers: dict[str, str] = {}
    body: Any = UNSET


class Told(msgspec.Struct, frozen=True):
    """What the system answers."""

    status: int = 200
    headers: dict[str, str] = {}
    body: Any = UNSET
    text: str = ""
    cut: bool = False


class Exchange(msgspec.Struct, frozen=True):
    request: Wanted
    answer: Told


class Error(msgspec.Struct, frozen=True):
    """`after`: seconds until it is asked again; None: no matter in what is expected, not told in what came."""

    kind: Class = msgspec.field(name="class")
    says: str = ""
    after: float | None = None


class NewsExpected(msgspec.Struct, frozen=True):
    """Of a poll: its items, each with the members that count, and the next cursor where that is given."""

    items: list[dict[str, Any]]
    cursor: Any = UNSET


class Expect(msgspec.Struct, frozen=True):
    """Exactly one of its members."""

    output: Any = UNSET
    news: NewsExpected | None = None
    error: Error | None = None
    absent: bool = False
    cannot_tell: str | None = None


class Case(msgspec.Struct, frozen=True):
    """One test. `look`: for what an earlier call did; `live`: it holds for a real system, too.

    `files`: what lies on a system that is reached over SSH, by path; `leaves`: what lies there then; None: nothing.
    """

    name: str
    expect: Expect
    operation: str = ""
    trigger: str = ""
    cursor: Any = None
    input: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    key: str = "test-key"
    look: bool = False
    live: bool = False
    exchanges: tuple[Exchange, ...] = ()
    files: dict[str, str] = {}
    leaves: dict[str, str | None] = {}


class Cases(msgspec.Struct, frozen=True):
    tests: tuple[Case, ...]
    settings: dict[str, Any] = {}


def read(folder: Path, document: Document) -> Cases:
    """The tests beside the manifest in `folder`; none where there is no such file. The settings are those of `FILE`.

    Raises:
        DocumentError: with all that breaks their schema, or names what the manifest has not.
        OSError: the file cannot be read.
    """
    file = folder / FILE
    if not file.exists():
        return Cases(())
    found = _of(file, document)
    more = (_of(one, document) for one in sorted(folder.glob(_MORE)))
    return Cases(
        (*found.tests, *(_set(case, cases.settings) for cases in more for case in cases.tests)), found.settings
    )


def _of(file: Path, document: Document) -> Cases:
    source = reader.read(reading.text_of(file), filename=str(file))
    wrong = list(_FORM.violations(source))
    cases = Cases(()) if wrong else msgspec.convert(source.value, Cases)
    wrong += _mistakes(cases, document, source)
    if wrong:
        raise DocumentError(str(file), wrong)
    return cases


def _set(case: Case, settings: dict[str, Any]) -> Case:
    """With the settings of its own file below those of its own."""
    return msgspec.structs.replace(case, settings={**settings, **case.settings}) if settings else case


def _mistakes(cases: Cases, document: Document, source: Source) -> Iterator[Violation]:
    for index, case in enumerate(cases.tests):
        at = f"/tests/{index}"
        if case.trigger:
            yield from _mistakes_of_poll(case, document, source, at)
            continue
        part = document.operations.get(case.operation)
        looks_for = case.expect.absent or case.expect.cannot_tell is not None
        if part is None:
            close = near(case.operation, document.operations)
            yield _violation(source, f"{at}/operation", f"there is no operation `{case.operation}`{close}")
        elif case.look and part.read_back is None:
            yield _violation(source, f"{at}/look", f"{case.operation} has no read_back to look by")
        if case.expect.news is not None:
            yield _violation(source, f"{at}/expect", "only a poll has news: name a `trigger` in place of the operation")
        if looks_for and not case.look:
            yield _violation(source, f"{at}/expect", "only a look finds that: say `look: true`")


def _mistakes_of_poll(case: Case, document: Document, source: Source, at: str) -> Iterator[Violation]:
    polls = [name for name, part in document.triggers.items() if not isinstance(part, WebhookPart)]
    if case.trigger not in polls:
        yield _violation(source, f"{at}/trigger", f"there is no poll `{case.trigger}`{near(case.trigger, polls)}")
    if case.look or case.input:
        yield _violation(source, at, "a poll makes its own input, and is not looked for")
    if case.expect.news is None and case.expect.error is None:
        yield _violation(source, f"{at}/expect", "of a poll come `news`, or an `error`")


def _violation(source: Source, pointer: str, detail: str) -> Violation:
    position = source.value_at(pointer)
    return Violation(pointer, position.line, position.column, detail)
