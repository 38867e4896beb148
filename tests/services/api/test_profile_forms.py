"""Row 47: a task's form shows and takes what the roles of its reader may; S-67."""

from __future__ import annotations

from typing import Any

import pytest

from services.api.profile_forms import ProfileForms
from services.human_tasks.errors import AnswerRefused
from template_library.human_tasks import Form
from tests.template_library.forms.samples import GOOD, RELEASE

FORM = Form(schema=RELEASE["schema"], fields=RELEASE["fields"])
CLERK, MANAGER = frozenset({"clerk"}), frozenset({"credit-manager"})
LOOSE: dict[str, Any] = {"type": "object", "properties": {"limit": {"type": "integer"}}}


def names(shown: Any) -> set[str]:
    return {field["name"] for section in shown["sections"] for field in section["fields"]}


def test_S_67_a_task_shows_and_takes_what_its_reader_may() -> None:
    forms = ProfileForms()
    assert "score" not in names(forms.shown(FORM, CLERK))
    assert "score" in names(forms.shown(FORM, MANAGER))
    assert forms.answered(FORM, CLERK, GOOD) == GOOD
    for roles, more in ((CLERK, {"score": 1.0}), (CLERK, {"days": 1}), (MANAGER, {"score": 1.0}), (CLERK, {"role": 1})):
        with pytest.raises(AnswerRefused) as caught:
            forms.answered(FORM, roles, {**GOOD, **more})
        assert [one["pointer"] for one in caught.value.extensions["errors"]] == [f"/values/{next(iter(more))}"]
    assert forms.answered(FORM, MANAGER, {**GOOD, "days": 1})["days"] == 1


def test_a_schema_of_its_own_is_held_to_as_it_stands_unless_it_names_rights() -> None:
    forms, plain, bound = ProfileForms(), Form(schema=LOOSE), Form(schema=LOOSE, fields={"limit": {"write": []}})
    assert forms.shown(plain, CLERK) == {"schema": LOOSE, "fields": {}}
    assert forms.answered(plain, CLERK, {"limit": 1}) == {"limit": 1}
    assert forms.shown(bound, CLERK) is None
    for form, given in ((plain, {"limit": "x"}), (bound, {"limit": 1})):
        with pytest.raises(AnswerRefused):
            forms.answered(form, CLERK, given)
