"""Authentication policies. What is read of one is sealed: it may hold secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from template_library.dsl.checker import Checker
from template_library.dsl.components import Components
from template_library.dsl.model import Constant, Expression, Template
from template_library.dsl.oauth import OAuth
from template_library.dsl.origins import Origins
from template_library.dsl.positions import step
from template_library.dsl.templates import SECRET, Templates, join

_SCHEMES: Final = ("basic", "bearer", "digest", "oauth2", "oidc")
_MEMBERS: Final = {
    "basic": ("username", "password"),
    "bearer": ("token",),
    "digest": ("username", "password"),
}


class Policies:
    """Reads policies into templates of the form `{<scheme>: {…}}` with every reference resolved.

    A policy that only names a secret becomes an expression on `$secrets`: the secret's value is the policy's members.
    """

    def __init__(self, checker: Checker, templates: Templates, origins: Origins) -> None:
        self._checker = checker
        self._templates = templates
        self._oauth = OAuth(checker, templates, origins)
        self.named: Components[Template] = Components(templates, "authentications", self._defined)

    def policy(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        """`authentication`: in place, or `{use: <name of use.authentications>}`."""
        if not self._checker.uses(pointer, "authentication"):
            return None
        if isinstance(value, str):
            self._checker.refuse(pointer, f"must be an object; a named policy is written `{{use: {value[:80]}}}`")
            return None
        if isinstance(value, dict) and "use" in value:
            members = self._checker.members(value, pointer, ("use",)) or {}
            return self.named.named(members["use"], step(pointer, "use"), arguments | SECRET)
        return self._defined(value, pointer, arguments)

    def _defined(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        if isinstance(value, dict) and "certificate" in value:
            self._checker.refuse(
                step(pointer, "certificate"),
                "the reference names certificates and does not say what they consist of; no version runs them",
                name=True,
            )
            return None
        members = self._checker.members(value, pointer, _SCHEMES)
        scheme = self._checker.one_of(members, pointer, _SCHEMES) if members is not None else None
        if members is None or scheme is None:
            return None
        definition = self._scheme(scheme, members[scheme], step(pointer, scheme), arguments | SECRET)
        return None if definition is None else join({scheme: definition})

    def _scheme(self, scheme: str, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        if isinstance(value, dict) and "use" in value:
            members = self._checker.members(value, pointer, ("use",)) or {}
            return self._secret(members["use"], step(pointer, "use"))
        if scheme in _MEMBERS:
            return self._plain(value, pointer, _MEMBERS[scheme], arguments)
        return self._oauth.definition(value, pointer, arguments, endpoints=scheme == "oauth2")

    def _secret(self, name: Any, pointer: str) -> Template | None:
        if self._checker.text(name, pointer) is None:
            return None
        if name not in self._templates.secrets:
            hint = self._checker.nearest(name, self._templates.secrets)
            self._checker.refuse(pointer, f"`use.secrets` has no `{name[:80]}`{hint}")
            return None
        if not self._checker.uses(pointer, "secrets"):
            return None
        return self._templates.keep(Expression(f"$secrets[{json.dumps(name)}]", pointer, ("secrets",)))

    def _plain(self, value: Any, pointer: str, names: tuple[str, ...], arguments: frozenset[str]) -> Template | None:
        members = self._checker.members(value, pointer, names, required=names) or {}
        return texts(members, pointer, lambda one, at: self._text(one, at, arguments))

    def _text(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        if self._checker.text(value, pointer) is None:
            return None
        return self._templates.template(value, pointer, arguments)


def texts(members: dict[str, Any], pointer: str, read: Callable[[Any, str], Template | None]) -> Template:
    """An object of what `read` gives for each member; one that is refused is null."""
    return join({name: read(value, step(pointer, name)) or Constant(None) for name, value in members.items()})
