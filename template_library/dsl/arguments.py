"""The arguments of a protocol's function, member by member: what is evaluated before the call and what is sealed."""

from __future__ import annotations

import re
from typing import Any

from infra.header_names import is_usable
from template_library.dsl.checker import Checker, kind_of
from template_library.dsl.grammar import Grammar
from template_library.dsl.model import NOTHING, Constant, Expression, MapTemplate, Resource, Template
from template_library.dsl.positions import step
from template_library.dsl.templates import DELIMITED, SECRET, join, split


class Arguments:
    """Readers of members by name; each does nothing for a member that is not there.

    Attributes:
        members: as written.
        found, sealed: as read.
    """

    def __init__(self, grammar: Grammar, value: Any, pointer: str, arguments: frozenset[str]) -> None:
        self._grammar = grammar
        self._checker = grammar.checker
        self._value = value
        self._scope = arguments
        self._inner: dict[str, Arguments] = {}
        self.pointer = pointer
        self.members: dict[str, Any] = {}
        self.found: dict[str, Template] = {}
        self.sealed: dict[str, Template] = {}

    def admit(self, names: tuple[str, ...], *, required: tuple[str, ...] = ()) -> None:
        """Refuse all other names. First of all."""
        self.members = self._checker.members(self._value, self.pointer, names, required=required) or {}

    def templates(self) -> tuple[Template, Template]:
        """What is evaluated before the call, and what is sealed; objects inside included."""
        found, sealed = dict(self.found), dict(self.sealed)
        for name, inner in self._inner.items():
            found[name], secret = inner.templates()
            if secret != NOTHING:
                sealed[name] = secret
        return join(found), join(sealed)

    def object(self, name: str, names: tuple[str, ...], *, required: tuple[str, ...] = ()) -> Arguments:
        """The readers of an object inside; of nothing if it is not there."""
        inner = Arguments(self._grammar, self.members.get(name, {}), step(self.pointer, name), self._scope)
        if name in self.members:
            inner.admit(names, required=required)
            self._inner[name] = inner
        return inner

    def one_of(self, *names: str) -> None:
        self._checker.one_of(self.members, self.pointer, names)

    def text(
        self, name: str, *, pattern: re.Pattern[str] | None = None, form: str = "", evaluated: bool = False
    ) -> None:
        """A string. One that is `evaluated` may be an expression without `${ }` in loose mode."""
        if name not in self.members:
            return
        value, pointer = self.members[name], step(self.pointer, name)
        template = self._grammar.templates.text(value, pointer, self._scope)
        if evaluated and isinstance(template, Constant):
            template = self._grammar.templates.template(value, pointer, self._scope)
        if isinstance(template, Constant) and pattern is not None:
            self._checker.text(template.value, pointer, pattern=pattern, form=form)
        self._keep(name, template)

    def choice(self, name: str, words: tuple[str, ...]) -> None:
        if name in self.members:
            chosen = self._checker.choice(self.members[name], step(self.pointer, name), words)
            self._keep(name, Constant(chosen))

    def boolean(self, name: str) -> None:
        if name in self.members:
            self._keep(name, Constant(self._checker.boolean(self.members[name], step(self.pointer, name))))

    def integer(self, name: str, *, least: int = 0, most: int | None = None) -> None:
        """A whole number, or an expression in `${ }`."""
        if name not in self.members:
            return
        value, pointer = self.members[name], step(self.pointer, name)
        if isinstance(value, str) and DELIMITED.fullmatch(value):
            self._keep(name, self._grammar.templates.text(value, pointer, self._scope))
        else:
            self._keep(name, Constant(self._checker.integer(value, pointer, least=least, most=most)))

    def duration(self, name: str) -> None:
        if name in self.members:
            pointer = step(self.pointer, name)
            self._keep(name, self._grammar.timings.duration(self.members[name], pointer, self._scope))

    def expression(self, name: str) -> Expression | None:
        """What is evaluated later and more than once; it is no argument."""
        if name not in self.members:
            return None
        value, pointer = self.members[name], step(self.pointer, name)
        if isinstance(value, str) and not DELIMITED.fullmatch(value) and not self._grammar.templates.loose:
            self._checker.refuse(pointer, f"`{value[:80]}` is not an expression in `${{ }}`")
            return None
        return self._grammar.templates.expression(value, pointer, self._scope)

    def mapping(self, name: str, *, least: int = 0, texts: bool = False) -> None:
        """An object of any values, or of texts, or an expression that gives one."""
        if name not in self.members:
            return
        value, pointer = self.members[name], step(self.pointer, name)
        template = self._grammar.templates.template(value, pointer, self._scope)
        if isinstance(value, dict):
            if len(value) < least:
                self._checker.refuse(pointer, "needs at least one property")
            for key, member in value.items() if texts else ():
                self._checker.text(member, step(pointer, key))
        elif not isinstance(template, Expression):
            self._checker.refuse(pointer, f"must be an object or an expression, not {kind_of(value)}")
        self._keep(name, template)

    def secret_mapping(self, name: str) -> None:
        """As `mapping`, where members may be secrets: those are sealed, and their names are the argument `sealed`."""
        value = self.members.get(name)
        if not isinstance(value, dict):
            self.mapping(name)
            return
        template = self._grammar.templates.template(value, step(self.pointer, name), self._scope | SECRET)
        self.found[name], secret = split(template)
        if isinstance(secret, MapTemplate):
            self.sealed[name] = secret
            self.found["sealed"] = Constant([key for key, _ in secret.members])

    def texts(self, name: str) -> None:
        """A list of strings, or an expression that gives one."""
        if name not in self.members:
            return
        value, pointer = self.members[name], step(self.pointer, name)
        template = self._grammar.templates.template(value, pointer, self._scope)
        if isinstance(value, list):
            for index, item in enumerate(value):
                self._checker.text(item, step(pointer, index))
        elif not isinstance(template, Expression):
            self._checker.refuse(pointer, f"must be a list of strings, not {kind_of(value)}")
        self._keep(name, template)

    def headers(self, name: str) -> None:
        if name not in self.members:
            return
        value, pointer = self.members[name], step(self.pointer, name)
        template = self._grammar.templates.template(value, pointer, self._scope | SECRET)
        header_names(self._checker, value, pointer)
        for key, member in value.items() if isinstance(value, dict) else ():
            self._checker.text(member, step(pointer, key))
        if not isinstance(value, dict) and not isinstance(template, Expression):
            self._checker.refuse(pointer, f"must be an object or an expression, not {kind_of(value)}")
            return
        self.found[name], secret = split(template)
        if secret != NOTHING:
            self.sealed[name] = secret

    def policy(self, name: str) -> None:
        if name in self.members:
            pointer = step(self.pointer, name)
            policy = self._grammar.policies.policy(self.members[name], pointer, self._scope)
            if policy is not None:
                self.sealed[name] = policy

    def resource(self, name: str) -> None:
        if name in self.members:
            found = self._grammar.resources.resource(self.members[name], step(self.pointer, name), self._scope)
            self._outside(name, found)

    def endpoint(self, name: str) -> None:
        if name in self.members:
            found = self._grammar.resources.endpoint(self.members[name], step(self.pointer, name), self._scope)
            self._outside(name, found)

    def settled_url(self, name: str) -> None:
        """What was read as `name` is an address that credentials go to."""
        if name in self.found:
            found = self.found[name]
            given = dict(found.members) if isinstance(found, MapTemplate) else {}
            uri = found.value["uri"] if isinstance(found, Constant) else None
            self._grammar.origins.url(given.get("uri", Constant(uri)), step(self.pointer, name))

    def settled(self, *names: str) -> None:
        """What was read under these names decides where credentials go."""
        for name in names:
            if name in self.found:
                self._grammar.origins.written(self.found[name], step(self.pointer, name))

    def _outside(self, name: str, found: Resource | None) -> None:
        if found is None:
            return
        members = {"uri": found.uri, **({"name": Constant(found.name)} if found.name else {})}
        self.found[name] = join(members)
        if found.authentication is not None:
            self.sealed[name] = join({"authentication": found.authentication})

    def _keep(self, name: str, template: Template | None) -> None:
        if template is not None:
            self.found[name] = template


def header_names(checker: Checker, value: Any, pointer: str) -> None:
    """Refuse names that no request can bring."""
    for name in value if isinstance(value, dict) else ():
        if not is_usable(name):
            words = f"`{name[:80]}` is no header that a call can set: it is not a name, or belongs to the connection"
            checker.never(step(pointer, name), words)
