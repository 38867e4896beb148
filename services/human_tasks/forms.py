"""What a task's form takes: the profile of the library, with rights for each field (ADR 0098, ADR 0101)."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from services.engine import values
from services.human_tasks.errors import AnswerRefused
from template_library.forms import answers, form, showing
from template_library.human_tasks import Form


class Forms(Protocol):
    """Both by the roles of who reads or writes."""

    def shown(self, form: Form | str, roles: frozenset[str]) -> Any:
        """The form as these roles see it, JSON: `template_library.forms.showing.View`, or the name of one."""
        ...

    def answered(self, form: Form | str, roles: frozenset[str], given: dict[str, Any], outcome: str) -> dict[str, Any]:
        """The answer as it is kept. Raises AnswerRefused."""
        ...


class ProfiledForms:
    """Forms that are written out in the workflow. Of one that is only named nobody can be held to anything."""

    def shown(self, form: Form | str, roles: frozenset[str]) -> Any:
        """What these roles may read of it; what they may not is not in it."""
        return form if isinstance(form, str) else msgspec.to_builtins(showing.view(_read(form), roles))

    def answered(self, form: Form | str, roles: frozenset[str], given: dict[str, Any], outcome: str) -> dict[str, Any]:
        """Held to the schema and to the rights of each field."""
        if isinstance(form, str):
            raise AnswerRefused.at("/values", f"the form {form!r} is not here")
        found = answers.answer(_read(form), roles, given, outcome=outcome)
        if isinstance(found, answers.Accepted):
            return found.values
        places = [{"pointer": f"/values{one.pointer}", "detail": one.detail} for one in found.errors]
        raise AnswerRefused("; ".join(one.detail for one in found.errors[:3]), errors=places)


def _read(asked: Form) -> form.Form:
    """Raises AnswerRefused: it was published by other rules than those of today."""
    try:
        return form.read(msgspec.to_builtins(asked))
    except form.InvalidForm as error:
        raise AnswerRefused.at("/values", f"its form is none: {error}") from None


def checked(
    forms: Forms, form: Form | str | None, roles: frozenset[str], given: dict[str, Any], outcome: str
) -> dict[str, Any]:
    """The answer to keep. Raises AnswerRefused."""
    try:
        values.check_bounds(given)
    except values.ValueRefused as error:
        raise AnswerRefused.at("/values", f"it is {error}") from None
    if form is None:
        if given:
            raise AnswerRefused.at("/values", "the task has no form, and takes an outcome alone")
        return {}
    return forms.answered(form, roles, given, outcome)
