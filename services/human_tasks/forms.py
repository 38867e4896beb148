"""What a task's form takes: the protocol that forms of packages fill in the composition, and JSON Schema until then."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from services.engine import values
from services.human_tasks.errors import AnswerRefused
from template_library import schemas
from template_library.dsl.schemas import SchemaError
from template_library.human_tasks import Form


class Forms(Protocol):
    """Both by the roles of who reads or writes."""

    def shown(self, form: Form | str, roles: frozenset[str]) -> Any:
        """The form as these roles see it, JSON."""
        ...

    def answered(self, form: Form | str, roles: frozenset[str], given: dict[str, Any]) -> dict[str, Any]:
        """The answer as it is kept. Raises AnswerRefused."""
        ...


class PlainForms:
    """A form's schema alone: everybody sees and fills in all of it."""

    def shown(self, form: Form | str, roles: frozenset[str]) -> Any:  # noqa: ARG002 (a protocol)
        """As it was asked for."""
        return form if isinstance(form, str) else msgspec.to_builtins(form)

    def answered(self, form: Form | str, roles: frozenset[str], given: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Held to the schema. One that is only named here is of a package, and nobody can hold anything to it."""
        if isinstance(form, str):
            raise AnswerRefused.at("/values", f"the form {form!r} is not here")
        try:
            found = schemas.check(form.schema, given)
        except SchemaError as error:
            raise AnswerRefused.at("/values", f"its schema is none: {error}") from None
        if found:
            places = [{"pointer": f"/values{one.pointer}", "detail": one.detail} for one in found]
            raise AnswerRefused("; ".join(one.detail for one in found[:3]), errors=places)
        return given


def checked(forms: Forms, form: Form | str | None, roles: frozenset[str], given: dict[str, Any]) -> dict[str, Any]:
    """The answer to keep. Raises AnswerRefused."""
    try:
        values.check_bounds(given)
    except values.ValueRefused as error:
        raise AnswerRefused.at("/values", f"it is {error}") from None
    if form is None:
        if given:
            raise AnswerRefused.at("/values", "the task has no form, and takes an outcome alone")
        return {}
    return forms.answered(form, roles, given)
