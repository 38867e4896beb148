"""What somebody filled in, judged by the same schema that they were shown, field by field with their rights (ADR 0101).

The server's word alone counts: what a page leaves out or adds makes no difference. A field that its reader may not see
is answered as one that there is not, so that nothing is learned by trying.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import msgspec

from template_library import schemas
from template_library.dsl.schemas import Validator, missing_of, unexpected_of, words
from template_library.forms import profile, rights, shapes
from template_library.forms.document import LookUp
from template_library.forms.form import Form
from template_library.schemas import Breach

LARGEST: Final = 262_144
"""Bytes of an answer as JSON."""


class Named(msgspec.Struct, frozen=True):
    """A value that stands for something elsewhere: whoever takes the answer asks whether it is there.

    `look_up`: None for a document, which has to be one of the task's.
    """

    pointer: str
    value: str
    look_up: LookUp | None = None


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """`values`: what the form holds now, with what was there before. `written`: fields that this answer wrote."""

    values: dict[str, Any]
    written: tuple[str, ...]
    names: tuple[Named, ...] = ()


class Refused(msgspec.Struct, frozen=True):
    """Nothing was taken. `errors`: at most 50, each with a pointer into the answer (RFC 6901)."""

    errors: tuple[Breach, ...]


def answer(
    form: Form,
    roles: Collection[str],
    values: Any,
    *,
    present: Mapping[str, Any] | None = None,
    outcome: str | None = None,
) -> Accepted | Refused:
    """What somebody with `roles` (slugs) answers.

    `present`: what the form held before, which stands where nothing is written. `outcome`: by which the task is
    completed; fields may be needed for it.
    """
    held = dict(present or {})
    if not isinstance(values, Mapping):
        return Refused((Breach("", "Answer with an object, a member for each field"),))
    try:
        size = len(msgspec.json.encode(values))
    except (RecursionError, TypeError, ValueError):
        return Refused((Breach("", "Answer with JSON that is not nested deeply"),))
    if size > LARGEST:
        return Refused((Breach("", f"Keep an answer within {LARGEST} bytes"),))
    writable = rights.writable(form, roles)
    wrong = [
        *_forbidden(form, roles, writable, values),
        *_broken(form, values, writable),
        *_missing(form, writable, {**held, **values}, outcome),
    ]
    if wrong:
        return Refused(tuple(wrong[: schemas.MOST]))
    given = {name: value for name, value in values.items() if value is not None}
    emptied = {name for name, value in values.items() if value is None}
    kept = {name: value for name, value in held.items() if name not in emptied}
    return Accepted(values={**kept, **given}, written=tuple(values), names=tuple(_names(form, given)))


def _forbidden(
    form: Form, roles: Collection[str], writable: frozenset[str], values: Mapping[str, Any]
) -> Iterator[Breach]:
    readable = rights.readable(form, roles)
    for name in values:
        if name not in readable:
            yield Breach(schemas.pointer([name]), "The form has no such field")
        elif name not in writable:
            yield Breach(schemas.pointer([name]), "This field is not yours to fill in")


def _broken(form: Form, values: Mapping[str, Any], writable: frozenset[str]) -> Iterator[Breach]:
    """Null empties a field, so it breaks nothing by itself."""
    for name, value in values.items():
        if name in writable and value is not None:
            yield from _breaches(form.validators[name], form.rules[name], name, value)


def _breaches(validator: Validator, rule: Mapping[str, Any], name: str, value: Any) -> Iterator[Breach]:
    for count, error in enumerate(validator.iter_errors(value), start=1):
        path: list[str | int] = [name, *error.instance_path]
        if (missing := missing_of(error)) is not None:
            yield Breach(schemas.pointer([*path, missing]), _NEEDED)
        elif unexpected := unexpected_of(error):
            yield from (Breach(schemas.pointer([*path, one]), "The form has no such field") for one in unexpected)
        elif "allOf" in error.schema_path:
            is_blank = not str(error.instance).strip()
            yield Breach(schemas.pointer(path), "Write something" if is_blank else "Write it on one line")
        elif error.schema_path and error.schema_path[-1] in shapes.RULES:
            yield Breach(schemas.pointer(path), shapes.words(rule, error.instance_path))
        else:
            yield Breach(schemas.pointer(path), words(error))
        if count == schemas.MOST:
            return


def _missing(form: Form, writable: frozenset[str], values: Mapping[str, Any], outcome: str | None) -> Iterator[Breach]:
    """Of whom may write a field; nobody is asked for what they cannot give."""
    for name in form.rules:
        needed = name in form.required or outcome in form.field(name).required_for
        if needed and name in writable and values.get(name) is None:
            yield Breach(schemas.pointer([name]), _NEEDED)


def _names(form: Form, values: Mapping[str, Any]) -> Iterator[Named]:
    for name, value in values.items():
        look_up, rule = form.field(name).look_up, form.rules[name]
        if look_up is not None:
            yield Named(schemas.pointer([name]), value, look_up)
        else:
            yield from _documents(rule, value, [name])


def _documents(rule: Mapping[str, Any], value: Any, at: list[str | int]) -> Iterator[Named]:
    if rule.get("format") == profile.DOCUMENT:
        yield Named(schemas.pointer(at), value)
    elif rule.get("type") == "array":
        for place, one in enumerate(value):
            yield from _documents(rule["items"], one, [*at, place])
    elif rule.get("type") == "object":
        for name, one in value.items():
            yield from _documents(rule["properties"][name], one, [*at, name])


_NEEDED: Final = "This is needed"
