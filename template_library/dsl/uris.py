"""URI templates: text with `{names}` of top-level properties (RFC 6570, section 3.2.2)."""

from __future__ import annotations

import json
import re
from typing import Final

from template_library.dsl.model import Constant, Expression

URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*://.*", re.DOTALL)
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_PATH: Final = re.compile(r"(?:\{[^{}]*\}|[^?#])*")
_SEPARATOR: Final = re.compile(r"[/\\]")
_PLAIN: Final = "tostring"
_ENCODED: Final = "tostring | @uri"
CLIMBS: Final = "the variables of a URI may not make a `.` or `..` of its path"


def unusable(uri: str) -> str | None:
    """Why nothing can be fetched from, or sent to, a URI of this scheme; None if it can."""
    scheme = uri.partition(":")[0].lower()
    if scheme == "file":
        return "`file:` names a file of a machine that others share; serve it over https"
    return None if scheme in {"http", "https"} else f"`{scheme[:20]}:` cannot be called; write an https address"


def filled(text: str, pointer: str) -> Constant | Expression:
    """The text, or an expression that fills its placeholders in: percent-encoded; a missing property is empty.

    The expression fails on a property that is an object or an array, as the reference asks, and on one that would lead
    to another place than the author's path says.
    """
    if not _PLACEHOLDER.search(text):
        return Constant(text)
    path = path_of(text)
    if not _PLACEHOLDER.search(path):
        return Expression(_joined(text, _ENCODED), pointer)
    count = 'split("/") | map(split("\\\\")[]) | map(select(. == "." or . == "..")) | length'
    own = dots(_PLACEHOLDER.sub("x", path))
    guard = f"if ({_joined(path, _PLAIN)} | {count}) > {own} then error({json.dumps(CLIMBS)}) else . end | "
    return Expression(_joined(text, _ENCODED, guard), pointer)


def path_of(text: str) -> str:
    """A URI template up to its query or fragment."""
    match = _PATH.match(text)
    return match[0] if match else ""


def dots(path: str) -> int:
    """How many segments say `.` or `..`; to some servers an escaped slash is one, too."""
    return sum(segment in {".", ".."} for segment in _SEPARATOR.split(path))


def is_template(text: str) -> bool:
    """Whether every brace is part of a variable."""
    return not {"{", "}"} & set(_PLACEHOLDER.sub("", text))


def _joined(text: str, form: str, guard: str = "") -> str:
    """Texts and variables with `+` between them, so that the beginning can be seen; `guard` is before the first."""
    parts: list[str] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        parts += [json.dumps(text[end : match.start()]), f"({guard}{_property(match[1], form)})"]
        end, guard = match.end(), ""
    return " + ".join(part for part in [*parts, json.dumps(text[end:])] if part != '""')


def _property(name: str, form: str) -> str:
    quoted = json.dumps(name)
    problem = json.dumps(f"`{{{name}}}` in a URI must be a plain value")
    return (
        f'if type == "object" then .[{quoted}] else null end | if . == null then ""'
        f' elif type == "object" or type == "array" then error({problem}) else {form} end'
    )
