"""Whether what a manifest says of a database fits together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.connectors.declared.document import Database, Document, OperationPart, RequestPart
from services.connectors.declared.mistakes import Mistake, near
from services.connectors.declared.sql_parts import Chosen, SqlPart
from services.connectors.sql import statements
from services.connectors.sql.statements import Statement, StatementRefused
from template_library.dsl.positions import step


def mistakes(document: Document) -> Iterator[Mistake]:
    """Of statements, and of every request."""
    is_database = isinstance(document.authentication, Database)
    if document.statements and not is_database:
        yield Mistake("/statements", "only a database has statements: authentication database")
    for name, part in document.operations.items():
        pointer = step("/operations", name)
        if part.request.sql is not None:
            yield from _operation(part, pointer)
        for place, request, looks in _requests(part, pointer):
            if is_database != (request.sql is not None):
                yield Mistake(place, "a database is asked by `sql`" if is_database else "write no `sql`")
            if request.sql is not None:
                yield from _sql(document, request.sql, f"{place}/sql")
                if looks and request.sql.do != "read":
                    yield Mistake(f"{place}/sql/do", "looking changes nothing: it is a `read`")


def _operation(part: OperationPart, pointer: str) -> Iterator[Mistake]:
    assert part.request.sql is not None  # noqa: S101 (who calls has looked)
    if (part.care.mode == "read") == (part.request.sql.do == "write"):
        yield Mistake(f"{pointer}/request/sql/do", "the effect says whether it is a `read` or a `write`")
    if part.pages is not None:
        yield Mistake(f"{pointer}/pages", "rows come as a whole, and in no pages: have the statement give fewer")
    for member, is_given in (("errors", part.errors), ("instead", part.instead)):
        if is_given:
            yield Mistake(f"{pointer}/{member}", "a database's errors are known by themselves; leave it out")


def _requests(part: OperationPart, pointer: str) -> Iterator[tuple[str, RequestPart, bool]]:
    """Each with its place, and whether it only looks."""
    yield f"{pointer}/request", part.request, False
    if part.read_back is not None:
        yield f"{pointer}/read_back/request", part.read_back.request, True
    yield from ((step(f"{pointer}/also", each), one, True) for each, one in part.also.items())
    for index, check in enumerate(part.checks):
        if check.request is not None:
            yield f"{pointer}/checks/{index}/request", check.request, True


def _sql(document: Document, part: SqlPart, pointer: str) -> Iterator[Mistake]:
    chosen = part.statement
    if not isinstance(chosen, Chosen):
        yield from _own(document, part, chosen, pointer)
        return
    if chosen.setting not in document.settings.properties:
        close = near(chosen.setting, document.settings.properties)
        yield Mistake(f"{pointer}/statement", f"there is no setting `{chosen.setting}`{close}")
    if bool(chosen.name) == (part.do == "check"):
        yield Mistake(f"{pointer}/statement", "a `check` is of all statements of a setting, and others say which")


def _own(document: Document, part: SqlPart, name: str, pointer: str) -> Iterator[Mistake]:
    """Of a statement of the manifest's."""
    place = f"{pointer}/statement"
    if name not in document.statements:
        yield Mistake(place, f"there is no statement `{name}`{near(name, document.statements)}")
    elif part.do == "check":
        yield Mistake(place, "a `check` is of all statements of a setting: { setting: … }")
    else:
        try:
            found = statements.read(document.statements[name])
            statements.hold(found, part.do)
        except StatementRefused as refused:
            yield Mistake(step("/statements", name), refused.detail)
        else:
            yield from _values(found, part.values, f"{pointer}/values")


def _values(statement: Statement, given: Any, pointer: str) -> Iterator[Mistake]:
    if not isinstance(given, dict):
        return  # a program makes them
    names = {one.name: one.required for one in statement.parameters}
    for name in given:
        if name not in names:
            yield Mistake(pointer, f"the statement has no parameter `{name}`{near(name, names)}")
    for name, is_required in names.items():
        if is_required and name not in given:
            yield Mistake(pointer, f"the statement needs a value for its parameter `{name}`")
