"""Row 47: a task's form shows and takes what the roles of its reader may; S-67."""

from __future__ import annotations

from typing import Any

import pytest

from services.api.task_view import readable
from services.human_tasks import forms as of_tasks
from services.human_tasks.errors import AnswerRefused
from services.human_tasks.forms import ProfiledForms
from template_library.human_tasks import Form
from tests.template_library.forms.samples import GOOD, RELEASE

FORM = Form(schema=RELEASE["schema"], fields=RELEASE["fields"])
CLERK, MANAGER = frozenset({"clerk"}), frozenset({"credit-manager"})
LOOSE: dict[str, Any] = {"type": "object", "properties": {"limit": {"type": "integer"}}}


def names(shown: Any) -> set[str]:
    return {field["name"] for section in shown["sections"] for field in section["fields"]}


def test_S_67_a_task_shows_and_takes_what_its_reader_may() -> None:
    forms = ProfiledForms()
    assert "score" not in names(forms.shown(FORM, CLERK))
    assert "score" in names(forms.shown(FORM, MANAGER))
    assert forms.answered(FORM, CLERK, GOOD, "approve") == GOOD
    for roles, more in ((CLERK, {"score": 1.0}), (CLERK, {"days": 1}), (MANAGER, {"score": 1.0}), (CLERK, {"role": 1})):
        with pytest.raises(AnswerRefused) as caught:
            forms.answered(FORM, roles, {**GOOD, **more}, "approve")
        assert [one["pointer"] for one in caught.value.extensions["errors"]] == [f"/values/{next(iter(more))}"]
    assert forms.answered(FORM, MANAGER, {**GOOD, "days": 1}, "approve")["days"] == 1


def test_what_is_no_form_is_shown_to_nobody_and_takes_no_answer() -> None:
    forms, loose = ProfiledForms(), Form(schema=LOOSE)
    assert forms.shown(loose, CLERK) is None
    with pytest.raises(AnswerRefused):
        forms.answered(loose, CLERK, {"limit": 1}, "approve")


def test_an_outcome_asks_for_what_it_needs() -> None:
    forms, loose = ProfiledForms(), {"type": "object", "properties": {"why": {"type": "string", "title": "Why"}}}
    asked = Form(schema=loose, fields={"why": {"required_for": ["reject"]}})
    assert forms.answered(asked, CLERK, {}, "approve") == {}
    with pytest.raises(AnswerRefused) as refused:
        forms.answered(asked, CLERK, {}, "reject")
    assert [one["pointer"] for one in refused.value.extensions["errors"]] == ["/values/why"]


def test_S_67_an_answer_is_read_by_the_rights_of_its_form() -> None:
    shown = ProfiledForms().shown(FORM, CLERK)
    assert readable({**GOOD, "score": 1.0}, shown) == GOOD
    assert readable({"limit": 1}, None) == {}, "of what is no form any more nothing is known"
    assert readable(None, shown) is None


def test_a_form_is_compiled_once_however_often_its_tasks_are_looked_at() -> None:
    properties = {"b": {"type": "integer", "title": "B"}, "a": {"type": "string", "title": "compiled once"}}
    schema = {"type": "object", "properties": properties}
    before = of_tasks.compiled.cache_info().misses
    seen = [ProfiledForms().shown(Form(schema=schema), frozenset({"clerk"})) for _ in range(3)]
    assert seen[0] == seen[1] == seen[2]
    assert [one["name"] for one in seen[0]["sections"][0]["fields"]] == ["b", "a"], "in the author's order"
    assert of_tasks.compiled.cache_info().misses == before + 1
    assert ProfiledForms().answered(Form(schema=schema), frozenset({"clerk"}), {"b": 1}, "done") == {"b": 1}
