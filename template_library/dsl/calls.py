"""`call` tasks: HTTP, functions of the document, of the default catalogue and of other places."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, Final

from template_library.dsl.arguments import header_names
from template_library.dsl.checker import kind_of
from template_library.dsl.components import Components
from template_library.dsl.grammar import Grammar, Scope
from template_library.dsl.model import (
    NOTHING,
    Constant,
    Expression,
    FunctionCallTask,
    HttpCallTask,
    Iterator,
    Resource,
    Task,
    Template,
)
from template_library.dsl.parts import SEMVER
from template_library.dsl.positions import step
from template_library.dsl.protocols import PROTOCOLS, Protocols
from template_library.dsl.templates import SECRET, join, split

BUILTIN: Final = ("http", *PROTOCOLS)
FORMATS: Final = ("raw", "content", "response")
_CATALOGUED: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]*:{SEMVER.pattern}@(?P<catalog>[A-Za-z0-9][A-Za-z0-9._-]*)")
_METHOD: Final = re.compile(r"[A-Za-z]{1,20}")
_DEFAULT: Final = "default"


class Calls:
    """`local` are paths by name of `use.functions`; `known` names of the catalogue, None for any of the right form."""

    def __init__(self, grammar: Grammar, local: dict[str, str], known: Collection[str] | None) -> None:
        self._checker = grammar.checker
        self._templates = grammar.templates
        self._grammar = grammar
        self._local = local
        self._known = known
        self._protocols = Protocols(grammar)
        self.catalogs: Components[Resource] = Components(grammar.templates, "catalogs", self._catalog)

    def iterate(self, iterator: Callable[[Any, str, Scope], Iterator | None]) -> None:
        """`iterator` reads the `foreach` of subscriptions."""
        self._protocols.iterator = iterator

    def task(self, value: dict[str, Any], head: dict[str, Any], scope: Scope) -> Task | None:
        pointer = step(head["path"], "call")
        function = self._checker.text(value["call"], pointer)
        if function is None:
            return None
        if function not in BUILTIN:
            return self._function(function, value.get("with", {}), head, scope)
        if function != "http" and not self._checker.uses(pointer, f"call: {function}"):
            return None
        if "with" not in value:
            self._checker.refuse(head["path"], "`with` is missing")
            return None
        if function == "http":
            return self._http(value["with"], head, scope)
        return self._protocols.task(function, value["with"], head, scope)

    def _function(self, function: str, arguments: Any, head: dict[str, Any], scope: Scope) -> Task | None:
        at = step(head["path"], "with")
        if self._checker.object(arguments, at) is None:
            return None
        template = self._templates.template(arguments, at, scope.definition)
        if function in self._local:
            body = self._local[function]
            return FunctionCallTask(**head, function=function, arguments=template, local=True, body=body)
        found = self._elsewhere(function, step(head["path"], "call"), scope)
        if found is None:
            return None
        catalog, source = found
        return FunctionCallTask(
            **head, function=function, arguments=template, local=False, catalog=catalog, source=source
        )

    def _elsewhere(self, function: str, pointer: str, scope: Scope) -> tuple[str, Resource | None] | None:
        """The catalogue of a function that is not of the document, and where it is; None if there is none."""
        if "://" in function:
            if not self._checker.uses(pointer, "call by URL"):
                return None
            source = self._grammar.resources.written(function, pointer, scope.definition)
            return None if source is None else ("", self._grammar.resources.pinned(source, pointer))
        match = _CATALOGUED.fullmatch(function)
        if match is not None and (match["catalog"] != _DEFAULT or _DEFAULT in self.catalogs.names):
            if not self._checker.uses(pointer, "catalogs"):
                return None
            source = self.catalogs.named(match["catalog"], pointer, scope.definition)
            return None if source is None else (match["catalog"], source)
        if match is not None and (self._known is None or function in self._known):
            return _DEFAULT, None
        names = {*BUILTIN, *self._local, *(self._known or ())}
        self._checker.refuse(pointer, f"there is no function `{function[:80]}`{self._checker.nearest(function, names)}")
        return None

    def _catalog(self, value: Any, pointer: str, arguments: frozenset[str]) -> Resource | None:
        members = self._checker.members(value, pointer, ("endpoint",), required=("endpoint",))
        if not members:
            return None
        at = step(pointer, "endpoint")
        found = self._grammar.resources.endpoint(members["endpoint"], at, arguments)
        return None if found is None else self._grammar.resources.pinned(found, at)

    def _http(self, value: Any, head: dict[str, Any], scope: Scope) -> Task | None:
        pointer = step(head["path"], "with")
        names = ("method", "endpoint", "headers", "body", "query", "output", "redirect")
        members = self._checker.members(value, pointer, names, required=("method", "endpoint"))
        if members is None or "method" not in members or "endpoint" not in members:
            return None
        sealed: dict[str, Template] = {}
        open_headers: Template = NOTHING
        arguments = scope.definition
        if "headers" in members:
            headers = self._pairs(members["headers"], step(pointer, "headers"), arguments | SECRET)
            header_names(self._checker, members["headers"], step(pointer, "headers"))
            open_headers, secret = split(headers)
            sealed = {} if secret == NOTHING else {"headers": secret}
        endpoint = self._grammar.resources.written(members["endpoint"], step(pointer, "endpoint"), arguments)
        if endpoint is not None and "headers" in sealed:
            at = step(pointer, "endpoint")
            self._grammar.origins.url(endpoint.uri, step(at, "uri") if isinstance(members["endpoint"], dict) else at)
        if endpoint is not None and endpoint.authentication is not None:
            sealed["authentication"] = endpoint.authentication
        body = None
        if "body" in members:
            body = self._templates.template(members["body"], step(pointer, "body"), arguments)
        return HttpCallTask(
            **head,
            **response(self._grammar, members, pointer),
            method=self._method(members["method"], step(pointer, "method"), arguments),
            endpoint=Constant("") if endpoint is None else endpoint.uri,
            headers=open_headers,
            query=self._pairs(members.get("query", {}), step(pointer, "query"), arguments, lists=True),
            body=body,
            sealed=join(sealed),
        )

    def _method(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template:
        template = self._templates.text(value, pointer, arguments)
        if isinstance(template, Constant) and not _METHOD.fullmatch(template.value or "GET"):
            template = self._templates.template(value, pointer, arguments)
            if isinstance(template, Constant):  # in loose mode it may be an expression
                self._checker.refuse(pointer, f"`{str(value)[:40]}` is not an HTTP method")
        return template or Constant("GET")

    def _pairs(self, value: Any, pointer: str, arguments: frozenset[str], *, lists: bool = False) -> Template:
        """Headers or query parameters: an object of plain values, or `lists` of them, or an expression of one."""
        template = self._templates.template(value, pointer, arguments)
        if isinstance(template, Expression):
            return template
        if not isinstance(value, dict):
            self._checker.refuse(pointer, f"must be an object or an expression, not {kind_of(value)}")
            return NOTHING
        for name, member in value.items():
            for one in member if lists and isinstance(member, list) else [member]:
                if isinstance(one, dict | list):
                    self._checker.refuse(step(pointer, name), f"must be a plain value, not {kind_of(one)}")
        return template


def response(grammar: Grammar, members: dict[str, Any], pointer: str) -> dict[str, Any]:
    """`format` and `redirect` of a call by HTTP."""
    found: dict[str, Any] = {}
    if "output" in members:
        found["format"] = grammar.checker.choice(members["output"], step(pointer, "output"), FORMATS) or "content"
    if "redirect" in members:
        found["redirect"] = grammar.checker.boolean(members["redirect"], step(pointer, "redirect")) is True
    return found
