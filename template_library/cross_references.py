"""What a workflow says when it calls `cross-reference:1.0.0@default` (ADR 0141): checked, and read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import Meta

from template_library.dsl import Workflow
from template_library.dsl.model import Constant, FunctionCallTask, ListTemplate, MapTemplate, Template
from template_library.dsl.positions import step
from template_library.manifest import SLUG
from template_library.records import registry

NAME: Final = "cross-reference:1.0.0@default"
FAMILY: Final = re.compile(r"cross-reference:[^@]*@default")
SYSTEM: Final = re.compile(r"[a-z0-9]([-a-z0-9_.]{0,61}[a-z0-9])?")
"""A system's name in the cross-reference."""
ID: Final = re.compile(r"[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]{0,198}[^\s\x00-\x1f\x7f])?")
"""A system's id of something."""
MOST: Final = 20
"""Keys that one call names."""
Do = Literal["link", "find"]
_TAKES: Final = {"link": "keys", "find": "key"}
_WHOSE: Final = ("connection", "system")
_EITHER: Final = "say of a key either its `connection`, by its name in this document, or its `system`"


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key. `connection`: the name in the document of the one whose system it is of; else `system` names it."""

    id: str | int | None = None
    connection: str | None = None
    system: str | None = None


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call as it is made."""

    do: Do
    kind: str
    keys: Annotated[list[Said], Meta(max_length=MOST)] | None = None
    key: Said | None = None


class Key(msgspec.Struct, frozen=True):
    """An id that was said, of one of both."""

    id: str
    connection: str | None
    system: str | None


class Wanted(msgspec.Struct, frozen=True):
    """A call that is right: to link these keys, or to find by the one that there is."""

    do: Do
    kind: str
    keys: tuple[Key, ...]


class Fault(msgspec.Struct, frozen=True):
    """What a call has wrong, and where in the document."""

    pointer: str
    detail: str


def read(arguments: Mapping[str, Any]) -> Wanted:
    """What a call says, evaluated. Members that are null are as left out; a key to link whose id is null was not said.

    Raises:
        ValueError: its words say what is wrong.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    try:
        asked = msgspec.convert(given, Asked)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    if asked.kind not in registry.names():
        raise ValueError(f"a kind is the name of a record, such as customer; {asked.kind[:63]!r} is none")
    takes = _TAKES[asked.do]
    if any(getattr(asked, name) is not None for name in _TAKES.values() if name != takes):
        raise ValueError(f"to {asked.do} say `{takes}` alone")
    said = (asked.keys or []) if asked.do == "link" else [] if asked.key is None else [asked.key]
    found = [_key(one) for one in said if one.id not in (None, "")]
    if not found:
        raise ValueError(f"to {asked.do} say `{takes}` with an id")
    return Wanted(asked.do, asked.kind, tuple(dict.fromkeys(found)))


def connections(workflow: Workflow) -> set[str]:
    """Names in the document of connections that keys are said to be of."""
    found: set[str] = set()
    for task in _calls(workflow):
        members = _members(task.arguments)
        for one in [members.get("key"), *_items(members.get("keys"))]:
            named = None if one is None else _members(one).get("connection")
            if isinstance(named, Constant) and isinstance(named.value, str):
                found.add(named.value)
    return found


def faults(workflow: Workflow) -> Iterator[Fault]:
    """All that is wrong with the calls of a document, as far as they are written down."""
    for task in _calls(workflow):
        if task.function != NAME:
            yield Fault(f"{task.path}/call", f"of cross-references there is {NAME} alone")
            continue
        yield from _of(_members(task.arguments), f"{task.path}/with")


def _of(members: dict[str, Template], at: str) -> Iterator[Fault]:
    do, kind = members.get("do"), members.get("kind")
    if not isinstance(do, Constant) or do.value not in get_args(Do):
        yield Fault(f"{at}/do", f"`do` must be written out: one of {', '.join(get_args(Do))}")
        return
    takes = _TAKES[do.value]
    for name in sorted(members.keys() - {"do", "kind", takes}):
        yield Fault(step(at, name), f"`{do.value}` takes no `{name}`")
    if kind is None:
        yield Fault(at, "`kind` is missing: the name of a record")
    elif isinstance(kind, Constant) and kind.value not in list(registry.names()):
        yield Fault(f"{at}/kind", "a kind is the name of a record, such as customer")
    if takes not in members:
        yield Fault(at, f"`{takes}` is missing")
    elif takes == "key":
        yield from _of_key(members["key"], f"{at}/key")
    else:
        yield from _of_keys(members["keys"], f"{at}/keys")


def _of_keys(keys: Template, at: str) -> Iterator[Fault]:
    items = _items(keys)
    if not 1 <= len(items) <= MOST:
        yield Fault(at, f"`keys` must be written out, 1 to {MOST}; their ids may be computed")
    for place, one in enumerate(items):
        yield from _of_key(one, f"{at}/{place}")


def _of_key(key: Template, at: str) -> Iterator[Fault]:
    members = _members(key)
    for name in sorted(members.keys() - {"id", *_WHOSE}):
        yield Fault(step(at, name), f"a key has no `{name}`")
    if "id" not in members:
        yield Fault(at, "the key has no `id`")
    if len(members.keys() & set(_WHOSE)) != 1:
        yield Fault(at, _EITHER)
    named, system = members.get("connection"), members.get("system")
    if named is not None and not _is(named, SLUG):
        yield Fault(f"{at}/connection", "`connection` must be written out; no expression may choose it")
    if isinstance(system, Constant) and not _is(system, SYSTEM):
        yield Fault(f"{at}/system", "a system has lower-case letters, digits, - _ . and up to 63 of them")


def _key(said: Said) -> Key:
    """Raises ValueError."""
    if (said.connection is None) == (said.system is None):
        raise ValueError(_EITHER)
    if said.system is not None and SYSTEM.fullmatch(said.system) is None:
        raise ValueError("a system has lower-case letters, digits, - _ . and up to 63 of them")
    text = str(said.id)
    if ID.fullmatch(text) is None:
        raise ValueError("an id has 1 to 200 characters, without spaces around it")
    return Key(text, said.connection, said.system)


def _calls(workflow: Workflow) -> Iterator[FunctionCallTask]:
    for task in workflow.tasks.values():
        if isinstance(task, FunctionCallTask) and not task.local and FAMILY.fullmatch(task.function) is not None:
            yield task


def _is(template: Template, form: re.Pattern[str]) -> bool:
    value = template.value if isinstance(template, Constant) else None
    return isinstance(value, str) and form.fullmatch(value) is not None


def _items(template: Template | None) -> list[Template]:
    if isinstance(template, ListTemplate):
        return list(template.items)
    if isinstance(template, Constant) and isinstance(template.value, list):
        return [Constant(one) for one in template.value]
    return []


def _members(template: Template) -> dict[str, Template]:
    if isinstance(template, MapTemplate):
        return dict(template.members)
    if isinstance(template, Constant) and isinstance(template.value, dict):
        return {name: Constant(value) for name, value in template.value.items()}
    return {}
