"""A form that is good: read from its document, compiled once, and held against rights (ADR 0101). Pure."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec

from template_library import schemas
from template_library.dsl.schemas import Formats, SchemaError, Validator, compile_schema
from template_library.forms import profile
from template_library.forms.document import Document, Field, Group, LookUp, part_of
from template_library.records import registry
from template_library.schemas import Breach

Read = TypeVar("Read")

LARGEST: Final = 65_536
"""Bytes of a form's document as JSON."""
_DOCUMENT: Final = re.compile(r"doc_[0-7][0-9a-hjkmnp-tv-z]{25}")
FORMATS: Final[Formats] = {
    **registry.FORMATS,
    profile.DOCUMENT: lambda text: _DOCUMENT.fullmatch(text) is not None,
}
# A text of one line, in which something stands.
_LINE: Final = r"^[^\p{Cc}]*[^\s\p{Cc}][^\p{Cc}]*$"
_WHOLE: Final = 2**53 - 1
"""Beyond it a browser tells whole numbers apart no more."""
_STEP: Final = re.compile(r"\.([^.\[\]`]+)|\[(\d+)\]")
_MEMBER: Final = re.compile(r"(?:unknown|required) field `([^`]*)`")
_ROLE: Final = re.compile(r"[a-z0-9](-?[a-z0-9]){0,62}")


class InvalidForm(ValueError):
    """A form's document breaks rules. Its author corrects it; `errors` has each with a pointer into it."""

    def __init__(self, errors: Collection[Breach]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{one.pointer or 'the form'}: {one.detail}" for one in self.errors[:3]))


class Form(msgspec.Struct, frozen=True):
    """A form that may be shown. `validators`: of each field, by name; with defaults for what the author left open."""

    document: Document
    validators: dict[str, Validator]

    @property
    def rules(self) -> dict[str, Any]:
        """The schema of each field, in the author's order."""
        rules: dict[str, Any] = self.document.schema["properties"]
        return rules

    @property
    def required(self) -> frozenset[str]:
        return frozenset(self.document.schema.get("required", []))

    def field(self, name: str) -> Field:
        return self.document.fields.get(name, _PLAIN)

    def groups(self) -> list[Group]:
        """What is shown in which order; one group without a heading of its own where the author made none."""
        title = self.document.schema.get("title", "")
        return self.document.groups or [Group(title=title, fields=list(self.rules))]


_PLAIN: Final = Field()


def read(
    document: Any, *, capabilities: Collection[str] | None = None, outcomes: Collection[str] | None = None
) -> Form:
    """The form in `document`, a decoded JSON or YAML object.

    `capabilities`: those that look-ups may name. `outcomes`: those that fields may be needed for. None: any.

    Raises:
        InvalidForm: it breaks rules.
    """
    found = _converted(document)
    wrong = [Breach(f"/schema{one.pointer}", one.detail) for one in profile.mistakes(found.schema)]
    if not wrong:
        wrong = [*_of_fields(found, capabilities), *_of_outcomes(found, outcomes), *_of_groups(found)]
    if wrong:
        raise InvalidForm(wrong[: schemas.MOST])
    validators = {name: _compiled(name, rule) for name, rule in found.schema["properties"].items()}
    defaults = [
        Breach(f"/schema/properties/{name}/default{one.pointer}", one.detail)
        for name, rule in found.schema["properties"].items()
        if "default" in rule
        for one in schemas.breaches(validators[name], rule["default"])
    ]
    if defaults:
        raise InvalidForm(defaults[: schemas.MOST])
    return Form(found, validators)


class _Raw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document whose fields are not read yet: of each, its own mistake is told at its own place."""

    schema: dict[str, Any]
    fields: dict[str, Any] = {}
    groups: list[Group] = []


def _converted(document: Any) -> Document:
    try:
        size = len(msgspec.json.encode(document))
        raw = _read_as(_Raw, document, "")
    except (RecursionError, TypeError):
        raise InvalidForm([Breach("", "Give a form as JSON, not nested deeply")]) from None
    if size > LARGEST:
        raise InvalidForm([Breach("", f"Keep a form within {LARGEST} bytes")])
    fields = {name: _read_as(Field, one, schemas.pointer(["fields", name])) for name, one in raw.fields.items()}
    return Document(schema=raw.schema, fields=fields, groups=raw.groups)


def _read_as(kind: type[Read], value: Any, at: str) -> Read:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        rule, _, path = str(error).partition(" - at `$")
        steps = "".join(f"/{name or place}" for name, place in _STEP.findall(path))
        named = _MEMBER.search(rule)
        detail = rule.replace("`", "'")
        raise InvalidForm([Breach(f"{at}{steps}{f'/{named[1]}' if named else ''}", detail)]) from None


def _of_fields(found: Document, capabilities: Collection[str] | None) -> Iterator[Breach]:
    rules = found.schema["properties"]
    for name, field in found.fields.items():
        at = schemas.pointer(["fields", name])
        if name not in rules:
            yield Breach(at, "The schema has no such field")
            continue
        for right, roles in (("read", field.read), ("write", field.write)):
            if roles is not None and any(_ROLE.fullmatch(one) is None for one in roles):
                yield Breach(f"{at}/{right}", "Name roles by their slug")
        if field.read is not None and (field.write is None or not set(field.write) <= set(field.read)):
            yield Breach(f"{at}/write", "Who writes a field reads it: name roles that are in 'read'")
        if field.look_up is not None:
            if not _is_looked_up(rules[name]):
                yield Breach(f"{at}/look_up", "Only a text without choices is looked up")
            yield from _of_look_up(field.look_up, at, capabilities)


def _of_look_up(look_up: LookUp, at: str, capabilities: Collection[str] | None) -> Iterator[Breach]:
    if look_up.record is not None and look_up.record not in registry.names():
        yield Breach(f"{at}/look_up/record", "There is no such record")
    if look_up.capability is not None and capabilities is not None and look_up.capability not in capabilities:
        yield Breach(f"{at}/look_up/capability", "There is no such capability")


def _of_outcomes(found: Document, outcomes: Collection[str] | None) -> Iterator[Breach]:
    for name, field in found.fields.items():
        unknown = [] if outcomes is None else sorted(set(field.required_for) - set(outcomes))
        at = schemas.pointer(["fields", name, "required_for"])
        yield from (Breach(at, f"The task has no outcome '{one}'") for one in unknown)


def _of_groups(found: Document) -> Iterator[Breach]:
    if not found.groups:
        return
    times = Counter(name for group in found.groups for name in group.fields)
    for name in sorted(found.schema["properties"].keys() ^ times.keys()):
        known = name in found.schema["properties"]
        yield Breach("/groups", f"{'No group has' if known else 'There is no'} field '{name[:64]}'")
    yield from (Breach("/groups", f"Field '{name[:64]}' stands twice") for name, n in times.items() if n > 1)


def _is_looked_up(rule: Mapping[str, Any]) -> bool:
    is_text = rule.get("type") == "string" and not rule.keys() & {"enum", "oneOf", "format"}
    return is_text or part_of(rule) in {"id", "text"}


def _compiled(name: str, rule: Mapping[str, Any]) -> Validator:
    whole = _closed(rule)
    if _refers(whole):
        whole["$defs"] = dict(registry.parts())
    try:
        return compile_schema(whole, FORMATS)
    except SchemaError as error:
        raise InvalidForm([Breach(schemas.pointer(["schema", "properties", name]), str(error))]) from None


def _refers(rule: Mapping[str, Any]) -> bool:
    below = [rule.get("items"), *rule.get("properties", {}).values()]
    return "$ref" in rule or any(_refers(one) for one in below if isinstance(one, Mapping))


def _closed(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The rule with a bound for everything: no member that is not named, no text or list without an end or a word."""
    closed = copy.deepcopy(dict(rule))
    kind = closed.get("type")
    if kind == "string" and not closed.keys() & {"enum", "oneOf"}:
        closed.setdefault("maxLength", profile.LONGEST)
        closed["allOf"] = [{"pattern": _LINE}]
    elif kind in {"integer", "number"}:
        if "exclusiveMinimum" not in closed:
            closed.setdefault("minimum", -_WHOLE)
        if "exclusiveMaximum" not in closed:
            closed.setdefault("maximum", _WHOLE)
    elif part_of(rule) == "note":
        closed["allOf"] = [{"pattern": r"[^\s]"}]
    elif kind == "array":
        closed.setdefault("maxItems", profile.MOST_ITEMS)
        closed["items"] = _closed(closed["items"])
    elif kind == "object":
        closed["additionalProperties"] = False
        closed["properties"] = {name: _closed(one) for name, one in closed["properties"].items()}
    return closed
