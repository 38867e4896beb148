"""Endpoints and external resources."""

from __future__ import annotations

from typing import Any

from template_library.dsl.checker import Checker, kind_of
from template_library.dsl.model import Constant, Expression, Resource, Template
from template_library.dsl.origins import Origins
from template_library.dsl.policies import Policies
from template_library.dsl.positions import step
from template_library.dsl.templates import DELIMITED, Templates
from template_library.dsl.uris import URI, filled, unusable


class Resources:
    def __init__(self, checker: Checker, templates: Templates, policies: Policies, origins: Origins) -> None:
        self._checker = checker
        self._templates = templates
        self._policies = policies
        self._origins = origins

    def resource(self, value: Any, pointer: str, arguments: frozenset[str]) -> Resource | None:
        """`externalResource`: an endpoint and perhaps a name."""
        members = self._checker.members(value, pointer, ("name", "endpoint"), required=("endpoint",))
        if members is None:
            return None
        name = self._checker.text(members["name"], step(pointer, "name")) if "name" in members else ""
        if "endpoint" not in members:
            return None
        found = self.endpoint(members["endpoint"], step(pointer, "endpoint"), arguments)
        return None if found is None else Resource(found.uri, found.authentication, name or "")

    def endpoint(self, value: Any, pointer: str, arguments: frozenset[str]) -> Resource | None:
        """`endpoint`: a URI template, an expression, or an object with `uri` and perhaps `authentication`."""
        found = self.written(value, pointer, arguments)
        if found is None or not isinstance(found.uri, Constant):
            return found
        at = step(pointer, "uri") if isinstance(value, dict) else pointer
        uri = filled(found.uri.value, at)
        if not isinstance(uri, Constant):
            self._templates.keep(uri)
        return Resource(uri, found.authentication)

    def written(self, value: Any, pointer: str, arguments: frozenset[str]) -> Resource | None:
        """As `endpoint`, with a URI template as it stands, its placeholders open."""
        if not isinstance(value, dict):
            uri = self._uri(value, pointer, arguments)
            return None if uri is None else Resource(uri)
        members = self._checker.members(value, pointer, ("uri", "authentication"), required=("uri",))
        if members is None:
            return None
        policy = None
        if "authentication" in members:
            policy = self._policies.policy(members["authentication"], step(pointer, "authentication"), arguments)
        uri = self._uri(members["uri"], step(pointer, "uri"), arguments) if "uri" in members else None
        if uri is not None and policy is not None:
            self._origins.url(uri, step(pointer, "uri"))
        return None if uri is None else Resource(uri, policy)

    def pinned(self, found: Resource, pointer: str) -> Resource:
        """`found`, which is fetched once, when nothing of a run and no secret is there yet."""
        if found.authentication is not None:
            words = "what needs authentication cannot be pinned with the document; copy it into the document"
            self._checker.never(pointer, words)
        if not isinstance(found.uri, Constant) or "{" in str(found.uri.value):
            self._checker.never(pointer, "the address must be written out: it is fetched once, before any run")
        return found

    def _uri(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        if not isinstance(value, str):
            self._checker.refuse(pointer, f"must be a URI template or an expression, not {kind_of(value)}")
            return None
        if URI.fullmatch(value):
            if problem := unusable(value):
                self._checker.never(pointer, problem)
            return Constant(value)
        if DELIMITED.fullmatch(value):
            return self._templates.text(value, pointer, arguments)
        template = self._templates.template(value, pointer, arguments)
        if isinstance(template, Expression):  # in loose mode
            return template
        self._checker.refuse(pointer, f"`{value[:80]}` is neither a URI template nor an expression in `${{ }}`")
        return None
