"""What a form shows to somebody, and the hash of all that they saw when they decided (ADR 0101)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from template_library.forms import rights
from template_library.forms.document import LookUp
from template_library.forms.form import Form


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One field, as far as its reader may know it. `rule`: its part of the schema, as its author wrote it."""

    name: str
    rule: dict[str, Any]
    is_writable: bool
    is_required: bool
    required_for: list[str]
    unit: str | None
    look_up: LookUp | None


class Section(msgspec.Struct, frozen=True):
    title: str
    fields: list[Shown]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The form for one reader, in the order of its groups; `values`: what it holds of what they may read."""

    title: str
    description: str
    sections: list[Section]
    values: dict[str, Any]


def view(form: Form, roles: Collection[str], values: Mapping[str, Any] | None = None) -> View:
    """What somebody with `roles` (slugs) sees; without `values`, the defaults."""
    readable, writable = rights.readable(form, roles), rights.writable(form, roles)
    held = (
        {name: rule["default"] for name, rule in form.rules.items() if "default" in rule} if values is None else values
    )
    sections = [
        Section(group.title, [_shown(form, name, name in writable) for name in group.fields if name in readable])
        for group in form.groups()
    ]
    return View(
        title=form.document.schema.get("title", ""),
        description=form.document.schema.get("description", ""),
        sections=[one for one in sections if one.fields],
        values={name: value for name, value in held.items() if name in readable},
    )


def digest(shown: Any) -> str:
    """SHA-256 of what somebody saw, as canonical JSON: names sorted, nothing between them, UTF-8.

    `shown` is anything that JSON has, or structs of it, such as a `View` beside a task's facts.

    Raises:
        ValueError: a number that JSON has not.
    """
    plain = msgspec.to_builtins(shown)
    _check(plain)
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()


def _check(value: Any) -> None:
    """NaN would be written as null, and two things that were seen would have one hash."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("JSON has no such number")
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        _check(one)


def _shown(form: Form, name: str, is_writable: bool) -> Shown:  # noqa: FBT001 (a member of what is shown)
    field = form.field(name)
    return Shown(
        name=name,
        rule=form.rules[name],
        is_writable=is_writable,
        is_required=name in form.required,
        required_for=list(field.required_for),
        unit=field.unit,
        look_up=field.look_up if is_writable else None,
    )
