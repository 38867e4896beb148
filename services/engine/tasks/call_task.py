"""`call`: the evaluated arguments of a function, and the URI templates of HTTP."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

from services.engine.activation import Activation
from services.engine.faults import Fault, standard
from services.engine.tasks.nesting import nest
from services.engine.tasks.outcome import Descend, Invoke, Outcome
from template_library.dsl.model import Constant, FunctionCallTask, HttpCallTask, MapTemplate, Template
from template_library.dsl.uris import CLIMBS, dots, path_of

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_BEFORE_DOTS: Final = ("/.", "\\.", "%2F.", "%5C.")


async def run_function(task: FunctionCallTask, activation: Activation) -> Outcome:
    """A local function's body runs on the arguments as its raw input; a catalogued one is called."""
    value = activation.top.value
    arguments = await activation.render(task.arguments, value, input=value)
    if task.source is not None:
        # A function from elsewhere sees its arguments and nothing else of the run.
        return nest(activation, task.function, arguments)
    return Descend(arguments) if task.local else Invoke(task.function, arguments)


async def run_http(task: HttpCallTask, activation: Activation) -> Outcome:
    """Calls `http` with `method endpoint headers query output redirect`, and `body` if the task has one."""
    value = activation.top.value
    members = [("method", task.method), ("headers", task.headers), ("query", task.query), ("endpoint", task.endpoint)]
    if task.body is not None:
        members.append(("body", task.body))
    arguments = await activation.render(MapTemplate(tuple(members)), value, input=value)
    if isinstance(task.endpoint, Constant):
        arguments["endpoint"] = expand(task.endpoint.value, value)
    for name in ("method", "endpoint"):
        _require(isinstance(arguments[name], str), f"`{name}` must evaluate to a string")
    for name in ("headers", "query"):
        arguments[name] = {} if arguments[name] is None else arguments[name]
        _require(isinstance(arguments[name], dict), f"`{name}` must evaluate to an object")
    # Which headers are secret is known before their values are.
    sealed = _sealed_headers(task.sealed)
    return Invoke("http", {**arguments, "output": task.format, "redirect": task.redirect, "sealed": sealed})


def _sealed_headers(sealed: Template) -> list[str] | None:
    """Their names; None where an expression gives all of them."""
    members = dict(sealed.members) if isinstance(sealed, MapTemplate) else {}
    headers = members.get("headers", Constant({}))
    if isinstance(headers, MapTemplate):
        return [name for name, _ in headers.members]
    return [] if isinstance(headers, Constant) and not headers.value else None


def expand(template: str, value: Any) -> str:
    """RFC 6570, section 3.2.2, with top-level properties of `value` as variables; a missing one is empty.

    Raises:
        Fault: `expression`, when a variable is an object or an array, or leads to another place than the path says.
    """
    variables = value if isinstance(value, dict) else {}

    def plain(match: re.Match[str]) -> str:
        found = variables.get(match[1])
        _require(not isinstance(found, dict | list), f"`{{{match[1]}}}` in a URI must be a plain value")
        if found is None:
            return ""
        return str(found).lower() if isinstance(found, bool) else str(found)

    filled = _PLACEHOLDER.sub(lambda match: quote(plain(match), safe="-._~"), template)
    # Few addresses have a segment that begins with a dot; the others are spared the search.
    if any(mark in filled for mark in _BEFORE_DOTS):
        path = path_of(template)
        own = dots(_PLACEHOLDER.sub("x", path))
        _require(dots(_PLACEHOLDER.sub(plain, path)) <= own, CLIMBS)
    return filled


def _require(condition: bool, words: str) -> None:  # noqa: FBT001 - an assertion of the language
    if not condition:
        raise Fault(standard("expression", "An argument of the call has the wrong type", words))
