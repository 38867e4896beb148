"""Forms of tasks by the profile of `template_library.forms`: with the rights of whoever reads or writes (ADR 0101)."""

from __future__ import annotations

from typing import Any

import msgspec

from services.human_tasks.errors import AnswerRefused
from services.human_tasks.forms import PlainForms
from template_library.forms import form as forms
from template_library.forms.answers import Refused, answer
from template_library.forms.form import InvalidForm
from template_library.forms.showing import view
from template_library.human_tasks import Form

_PLAIN = PlainForms()


class ProfileForms:
    """Fills `services.human_tasks.forms.Forms`.

    A schema that is not of the profile is held to as it stands; where such a form names rights, which nobody could keep
    then, it is shown to nobody and takes no answer.
    """

    def shown(self, form: Form | str, roles: frozenset[str]) -> Any:
        """What these roles may read, as a `View`."""
        if isinstance(form, str):
            return _PLAIN.shown(form, roles)
        try:
            return msgspec.to_builtins(view(_read(form), roles))
        except InvalidForm:
            return None if form.fields else _PLAIN.shown(form, roles)

    def answered(self, form: Form | str, roles: frozenset[str], given: dict[str, Any]) -> dict[str, Any]:
        """All of it, or AnswerRefused with each place."""
        if isinstance(form, str):
            return _PLAIN.answered(form, roles, given)
        try:
            read = _read(form)
        except InvalidForm as error:
            if form.fields:
                raise AnswerRefused.at("/values", f"the form is none: {error}") from None
            return _PLAIN.answered(form, roles, given)
        said = answer(read, roles, given)
        if isinstance(said, Refused):
            errors = [{"pointer": f"/values{one.pointer}", "detail": one.detail} for one in said.errors]
            raise AnswerRefused("; ".join(one.detail for one in said.errors[:3]), errors=errors)
        return said.values


def _read(form: Form) -> forms.Form:
    return forms.read(msgspec.to_builtins(form))
