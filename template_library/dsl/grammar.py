"""One reader for each noun of the language, over one document."""

from __future__ import annotations

from typing import Final

import msgspec

from template_library.dsl.checker import Checker
from template_library.dsl.events import Events
from template_library.dsl.named_errors import NamedErrors
from template_library.dsl.origins import Origins
from template_library.dsl.parts import Parts
from template_library.dsl.policies import Policies
from template_library.dsl.resources import Resources
from template_library.dsl.retries import Retries
from template_library.dsl.templates import BEFORE_TASK, DEFINITION, EXPORT, Templates
from template_library.dsl.timings import Timings


class Grammar:
    def __init__(self, checker: Checker) -> None:
        self.checker: Final = checker
        self.templates: Final = Templates(checker)
        self.timings: Final = Timings(checker, self.templates)
        self.origins: Final = Origins(checker)
        self.policies: Final = Policies(checker, self.templates, self.origins)
        self.resources: Final = Resources(checker, self.templates, self.policies, self.origins)
        self.parts: Final = Parts(checker, self.templates, self.resources)
        self.errors: Final = NamedErrors(self.templates)
        self.events: Final = Events(checker, self.templates)
        self.retries: Final = Retries(checker, self.templates, self.timings)

    def finish(self) -> None:
        """Read what nothing named."""
        self.errors.named.finish()
        self.timings.named.finish()
        self.retries.named.finish("error")
        self.policies.named.finish()


class Scope(msgspec.Struct, frozen=True):
    """Where a task stands.

    Attributes:
        siblings: names that its flow directives may lead to.
        depth: of the list that it is in, from 1.
        variables: of the loops, catches and iterators around it.
    """

    siblings: tuple[str, ...] = ()
    depth: int = 1
    variables: frozenset[str] = frozenset()

    @property
    def before(self) -> frozenset[str]:
        return BEFORE_TASK | self.variables

    @property
    def definition(self) -> frozenset[str]:
        return DEFINITION | self.variables

    @property
    def export(self) -> frozenset[str]:
        return EXPORT | self.variables

    def inside(self, *variables: str) -> Scope:
        """That of the lists that the task encloses."""
        return Scope((), self.depth + 1, self.variables | set(variables))
