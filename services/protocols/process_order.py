"""What a runner is asked for: the evaluated definition of a program, checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from infra import ids
from services.engine.functions import Call
from services.protocols import contents, errors
from services.protocols.resources.fetching import Reference, Resources
from services.protocols.runner import ORDER_BYTES, OUTPUT_BYTES, VERSION
from template_library.dsl.durations import DurationError, milliseconds

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_LANGUAGES: Final = {"js": "js", "javascript": "js", "python": "python"}
_MOST: Final = 1_000
"""Arguments, or variables of the environment."""


class Origin(msgspec.Struct, frozen=True):
    """The workflow that a task is of."""

    namespace: str
    name: str
    version: str


class Arguments(msgspec.Struct, frozen=True, rename={"wait": "await", "returns": "return"}):
    """What the engine calls a process with."""

    process: dict[str, Any]
    workflow: Origin
    task: str
    wait: bool = True
    returns: str = "stdout"


async def order(kind: str, call: Call, arguments: Arguments, resources: Resources, seconds: float) -> dict[str, Any]:
    """The order, with the code of a script whose source is elsewhere.

    Raises:
        Refusal: `configuration`: something in the definition is not what its place needs, or cannot be had.
    """
    found: dict[str, Any] = {name: _read(name, value) for name, value in arguments.process.items()}
    found = {name: value for name, value in found.items() if value is not None}
    if kind == "script" and "source" in found:
        found["code"] = await _code(call, resources, found.pop("source"))
    if kind == "container":
        # The convention of the reference: `{workflow.name}-{uuid}.{workflow.namespace}-{task.name}`.
        workflow = arguments.workflow
        found.setdefault("name", f"{workflow.name}-{call.key[:32]}.{workflow.namespace}-{arguments.task}")
        found.setdefault("pullPolicy", "ifNotPresent")
        found.setdefault("lifetime", {"cleanup": "never"})
    made = {
        "version": VERSION,
        "kind": kind,
        "tenant": ids.show("ten", call.tenant),
        "run": ids.show("run", call.run),
        "task": call.reference,
        "workflow": msgspec.to_builtins(arguments.workflow),
        "await": arguments.wait,
        "limits": {"seconds": seconds, "outputBytes": OUTPUT_BYTES},
        "definition": found,
    }
    if len(msgspec.json.encode(found)) > ORDER_BYTES:
        raise _wrong(f"what the program is given is larger than {ORDER_BYTES // 1024**2} MiB")
    return made


async def _code(call: Call, resources: Resources, source: dict[str, Any]) -> str:
    try:
        reference = msgspec.convert(source, Reference)
    except msgspec.ValidationError as error:
        raise _wrong(f"`source`: {errors.mismatch(error)}") from None
    resource = await resources.get(call.tenant, reference)
    try:
        return _text("source", resource.content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise errors.configuration("Unusable resource", "the script is no text in UTF-8", sent=True) from None


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(f"`{name}` must be a text")
    if "\0" in value:
        raise _wrong(f"`{name}` holds a NUL character, which no program can be given")
    return value


def _language(_: str, value: Any) -> str:
    return _LANGUAGES[value]


def _stdin(_: str, value: Any) -> str | None:
    return None if value is None else contents.text(value)


def _arguments(name: str, value: Any) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > _MOST:
        raise _wrong(f"`{name}` must be a list of at most {_MOST} texts")
    return [_text(f"{name}/{place}", contents.text(one)) for place, one in enumerate(value)]


def _environment(name: str, value: Any) -> dict[str, str] | None:
    members = _object(name, value) or {}
    if len(members) > _MOST:
        raise _wrong(f"`{name}` has more than {_MOST} variables")
    for one in members:
        if not _VARIABLE.fullmatch(one):
            raise _wrong(f"`{name}`: {one[:80]!r} is no name of a variable: letters, digits and _, at most 128")
    return {one: _text(one, contents.text(member)) for one, member in members.items() if member is not None}


def _object(name: str, value: Any) -> dict[str, Any] | None:
    if value is None or isinstance(value, dict):
        return value
    raise _wrong(f"`{name}` must be an object")


def _lifetime(name: str, value: Any) -> dict[str, Any]:
    if "after" not in value:
        return dict(value)
    try:
        # An expression gives a duration as a document writes it; one that is written out was counted at publish.
        return {**value, "after": milliseconds(value["after"])}
    except DurationError as error:
        raise _wrong(f"`{name}.after`: {error}") from error


_READERS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "language": _language,
    "stdin": _stdin,
    "arguments": _arguments,
    "environment": _environment,
    "ports": _object,
    "volumes": _object,
    "lifetime": _lifetime,
    "source": _object,
}


def _read(name: str, value: Any) -> Any:
    reader: Callable[[str, Any], Any] = _READERS.get(name, _text)
    return reader(name, value)


def _wrong(detail: str) -> errors.Refusal:
    return errors.configuration("The program cannot be started so", detail)
