"""`call` tasks: HTTP, functions of the document and functions of the default catalogue."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

from template_library.dsl.checker import Checker, kind_of, nearest
from template_library.dsl.model import Constant, Expression, FunctionCallTask, HttpCallTask, Task, Template
from template_library.dsl.parts import SEMVER
from template_library.dsl.positions import step
from template_library.dsl.templates import DEFINITION, Templates

UNREADY: Final = frozenset({"asyncapi", "grpc", "openapi", "a2a", "mcp"})
_CATALOGUED: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]*:{SEMVER.pattern}@(?P<catalog>[A-Za-z0-9][A-Za-z0-9._-]*)")
_METHOD: Final = re.compile(r"[A-Za-z]{1,20}")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*://.*", re.DOTALL)
_FORMATS: Final = ("raw", "content", "response")


class Calls:
    """`local` are paths by name of `use.functions`; `known` names of the catalogue, None for any of the right form."""

    def __init__(
        self, checker: Checker, templates: Templates, local: dict[str, str], known: Collection[str] | None
    ) -> None:
        self._checker = checker
        self._templates = templates
        self._local = local
        self._known = known

    def task(self, value: dict[str, Any], base: dict[str, Any]) -> Task | None:
        pointer = base["path"]
        function = self._checker.text(value["call"], step(pointer, "call"))
        if function is None:
            return None
        if function == "http":
            return self._http(value.get("with"), base)
        if function in UNREADY:
            self._checker.later(step(pointer, "call"), f"call: {function}")
            return None
        return self._function(function, value.get("with", {}), base)

    def _function(self, function: str, arguments: Any, base: dict[str, Any]) -> Task | None:
        pointer = base["path"]
        at = step(pointer, "with")
        if not isinstance(arguments, dict):
            self._checker.refuse(at, f"must be an object, not {kind_of(arguments)}")
            return None
        template = self._templates.template(arguments, at, DEFINITION)
        if function in self._local:
            body = self._local[function]
            return FunctionCallTask(**base, function=function, arguments=template, local=True, body=body)
        if not self._is_catalogued(function, step(pointer, "call")):
            return None
        return FunctionCallTask(**base, function=function, arguments=template, local=False)

    def _is_catalogued(self, function: str, pointer: str) -> bool:
        if "://" in function:
            self._checker.later(pointer, "call by URL")
            return False
        match = _CATALOGUED.fullmatch(function)
        if match is not None and match["catalog"] != "default":
            self._checker.later(pointer, "call of a function of another catalogue than default")
            return False
        if match is not None and (self._known is None or function in self._known):
            return True
        names = {"http", *UNREADY, *self._local, *(self._known or ())}
        self._checker.refuse(pointer, f"there is no function `{function[:80]}`{nearest(function, names)}")
        return False

    def _http(self, value: Any, base: dict[str, Any]) -> Task | None:
        pointer = step(base["path"], "with")
        if value is None:
            self._checker.refuse(base["path"], "`with` is missing")
            return None
        names = ("method", "endpoint", "headers", "body", "query", "output", "redirect")
        members = self._checker.members(value, pointer, names, required=("method", "endpoint"))
        if members is None or "method" not in members or "endpoint" not in members:
            return None
        output, redirect = members.get("output", "content"), members.get("redirect", False)
        if output not in _FORMATS:
            self._checker.refuse(step(pointer, "output"), "must be `raw`, `content` or `response`")
        if not isinstance(redirect, bool):
            self._checker.refuse(step(pointer, "redirect"), f"must be a boolean, not {kind_of(redirect)}")
        body = None
        if "body" in members:
            body = self._templates.template(members["body"], step(pointer, "body"), DEFINITION)
        return HttpCallTask(
            **base,
            method=self._method(members["method"], step(pointer, "method")),
            endpoint=self._endpoint(members["endpoint"], step(pointer, "endpoint")),
            headers=self._pairs(members.get("headers", {}), step(pointer, "headers"), secrets=True),
            query=self._pairs(members.get("query", {}), step(pointer, "query"), secrets=False),
            body=body,
            format=output if output in _FORMATS else "content",
            redirect=redirect is True,
        )

    def _method(self, value: Any, pointer: str) -> Template:
        if self._checker.text(value, pointer) is None:
            return Constant("GET")
        template = self._templates.template(value, pointer, DEFINITION)
        constant = template.value if isinstance(template, Constant) else None
        if constant is not None and not _METHOD.fullmatch(constant):
            self._checker.refuse(pointer, f"`{str(value)[:40]}` is not an HTTP method")
        return template

    def _endpoint(self, value: Any, pointer: str) -> Template:
        if isinstance(value, dict):
            members = self._checker.members(value, pointer, ("uri",), required=("uri",), later=("authentication",))
            if members is None or "uri" not in members:
                return Constant("")
            value, pointer = members["uri"], step(pointer, "uri")
        if self._checker.text(value, pointer) is None:
            return Constant("")
        template = self._templates.template(value, pointer, DEFINITION)
        constant = template.value if isinstance(template, Constant) else None
        if constant is not None and not _URI.fullmatch(constant):
            self._checker.refuse(pointer, f"`{value[:80]}` is neither a URI template nor an expression in `${{ }}`")
        return template

    def _pairs(self, value: Any, pointer: str, *, secrets: bool) -> Template:
        """Headers or query parameters: an object of plain values, or an expression that gives one."""
        template = self._templates.template(value, pointer, DEFINITION, secrets=secrets)
        if isinstance(template, Expression):
            return template
        if not isinstance(value, dict):
            self._checker.refuse(pointer, f"must be an object or an expression, not {kind_of(value)}")
            return Constant({})
        for name, member in value.items():
            if isinstance(member, dict | list):
                self._checker.refuse(step(pointer, name), f"must be a plain value, not {kind_of(member)}")
        return template
