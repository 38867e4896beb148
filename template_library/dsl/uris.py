"""URI templates: text with `{names}` of top-level properties (RFC 6570, section 3.2.2)."""

from __future__ import annotations

import json
import re
from typing import Final

from template_library.dsl.model import Constant, Expression

URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*://.*", re.DOTALL)
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


def filled(text: str, pointer: str) -> Constant | Expression:
    """The text, or an expression that fills its placeholders in: percent-encoded; a missing property is empty.

    The expression fails on a property that is an object or an array, as the reference asks.
    """
    parts: list[str] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        parts += [json.dumps(text[end : match.start()]), _property(match[1])]
        end = match.end()
    if not parts:
        return Constant(text)
    return Expression(" + ".join(part for part in [*parts, json.dumps(text[end:])] if part != '""'), pointer)


def _property(name: str) -> str:
    quoted = json.dumps(name)
    problem = json.dumps(f"`{{{name}}}` in a URI must be a plain value")
    return (
        f'(if type == "object" then .[{quoted}] else null end | if . == null then ""'
        f' elif type == "object" or type == "array" then error({problem}) else tostring | @uri end)'
    )
