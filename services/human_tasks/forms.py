"""What a task's form takes: the profile of the library, with rights for each field (ADR 0098, ADR 0101)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, Protocol

import msgspec

from services.engine import values
from services.human_tasks.errors import AnswerRefused
from template_library.forms import answers, form, rights, showing
from template_library.forms.document import LookUp
from template_library.forms.form import InvalidForm
from template_library.human_tasks import Form

_MOST: Final = 256
"""Forms that are kept compiled, of 64 KiB at most."""


class Forms(Protocol):
    """Both by the roles of who reads or writes."""

    def shown(self, form: Form | str, roles: frozenset[str]) -> Any:
        """The form as these roles see it, JSON: `template_library.forms.showing.View`, or the name of one."""
        ...

    def answered(self, form: Form | str, roles: frozenset[str], given: dict[str, Any], outcome: str) -> dict[str, Any]:
        """The answer as it is kept. Raises AnswerRefused."""
        ...

    def look_ups(self, form: Form | str, roles: frozenset[str]) -> dict[str, LookUp]:
        """By field those that these roles may write and that are found among records."""
        ...


class ProfiledForms:
    """Forms that are written out in the workflow. Of one that is only named nobody can be held to anything."""

    def shown(self, form: Form | str, roles: frozenset[str]) -> Any:
        """What these roles may read of it; what they may not is not in it. None of one that is no form any more."""
        if isinstance(form, str):
            return form
        try:
            return msgspec.to_builtins(showing.view(_read(form), roles))
        except InvalidForm:
            return None

    def answered(self, form: Form | str, roles: frozenset[str], given: dict[str, Any], outcome: str) -> dict[str, Any]:
        """Held to the schema and to the rights of each field."""
        if isinstance(form, str):
            raise AnswerRefused.at("/values", f"the form {form!r} is not here")
        try:
            found = answers.answer(_read(form), roles, given, outcome=outcome)
        except InvalidForm as error:
            raise AnswerRefused.at("/values", f"the form is none: {error}") from None
        if isinstance(found, answers.Accepted):
            return found.values
        places = [{"pointer": f"/values{one.pointer}", "detail": one.detail} for one in found.errors]
        raise AnswerRefused("; ".join(one.detail for one in found.errors[:3]), errors=places)

    def look_ups(self, form: Form | str, roles: frozenset[str]) -> dict[str, LookUp]:
        """None of a form that is only named, or is none any more."""
        if isinstance(form, str):
            return {}
        try:
            read = _read(form)
        except InvalidForm:
            return {}
        found = {name: read.field(name).look_up for name in rights.writable(read, roles)}
        return {name: one for name, one in found.items() if one is not None and one.record is not None}


def _read(asked: Form) -> form.Form:
    return compiled(msgspec.json.encode(msgspec.to_builtins(asked)))


@lru_cache(maxsize=_MOST)
def compiled(document: bytes) -> form.Form:
    """A form is read whenever somebody looks at its task, and is the same for all tasks of its step."""
    return form.read(msgspec.json.decode(document))


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
