"""Row 47: what a form may be is known to the last keyword, and whatever breaks it is named when it is published."""

from __future__ import annotations

import contextlib
import copy
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from template_library.forms import form as forms
from template_library.forms.document import MEMBERS, TEXTS
from template_library.forms.form import InvalidForm
from tests.house.tree import ROOT
from tests.template_library.forms.samples import PART, RELEASE, documents

AT = "/schema/properties"


def changed(pointer: str, value: Any) -> dict[str, Any]:
    """The sample with another value at a place."""
    made = copy.deepcopy(RELEASE)
    *way, last = pointer.split("/")[1:]
    place: Any = made
    for step in way:
        place = place[step]
    place[last] = value
    return made


def errors(document: Any, **known: Any) -> list[str]:
    with pytest.raises(InvalidForm) as caught:
        forms.read(document, **known)
    return [one.pointer for one in caught.value.errors]


def test_a_form_with_every_kind_of_field_is_read() -> None:
    form = forms.read(RELEASE, capabilities=["crm.customers.search"], outcomes=["approve", "reject"])
    assert [one.title for one in form.groups()] == ["Decision", "Background"]
    assert form.required == {"decision", "limit"}
    bare = forms.read({"schema": RELEASE["schema"]})
    assert [(one.title, one.fields) for one in bare.groups()] == [("Release a credit hold", list(form.rules))]


@pytest.mark.parametrize(
    ("pointer", "value", "at"),
    [
        ("/schema/type", "array", "/schema/type"),
        ("/schema/$schema", "http://json-schema.org/draft-07/schema#", "/schema/$schema"),
        ("/schema/$defs", {}, "/schema/$defs"),
        ("/schema/allOf", [], "/schema/allOf"),
        ("/schema/if", {}, "/schema/if"),
        ("/schema/additionalProperties", True, "/schema/additionalProperties"),
        ("/schema/patternProperties", {".*": {}}, "/schema/patternProperties"),
        ("/schema/properties", {}, "/schema/properties"),
        ("/schema/required", ["nothing"], "/schema/required"),
        ("/schema/required", ["days", "days"], "/schema/required"),
        (f"{AT}/__proto__", {"type": "string", "title": "P"}, f"{AT}/__proto__"),
        (f"{AT}/days", True, f"{AT}/days"),
        (f"{AT}/days/title", "", f"{AT}/days/title"),
        (f"{AT}/days/title", "Days \u202e", f"{AT}/days/title"),
        (f"{AT}/days/type", ["integer", "null"], f"{AT}/days/type"),
        (f"{AT}/days/type", "object", f"{AT}/days/type"),
        (f"{AT}/days/pattern", "x", f"{AT}/days/pattern"),
        (f"{AT}/days/default", 91, f"{AT}/days/default"),
        (f"{AT}/days/minimum", "x", f"{AT}/days"),
        (f"{AT}/limit/$ref", f"{PART}address", f"{AT}/limit/$ref"),
        (f"{AT}/limit/$ref", "https://schemas.example/money", f"{AT}/limit/$ref"),
        (f"{AT}/limit/$ref", "#/$defs/x", f"{AT}/limit/$ref"),
        (f"{AT}/limit/type", "object", f"{AT}/limit/type"),
        (f"{AT}/account/pattern", "(a)\\1", f"{AT}/account/pattern"),
        (f"{AT}/account/pattern", "(?=a)a", f"{AT}/account/pattern"),
        (f"{AT}/account/pattern", "(a{1000}){1000}", f"{AT}/account/pattern"),
        (f"{AT}/account/pattern", "a" * 501, f"{AT}/account/pattern"),
        (f"{AT}/account/format", "hostname", f"{AT}/account/format"),
        (f"{AT}/account/maxLength", 10_001, f"{AT}/account/maxLength"),
        (f"{AT}/account/contentMediaType", "text/html", f"{AT}/account/contentMediaType"),
        (f"{AT}/account/enum", ["x"], "/fields/account/look_up"),
        (f"{AT}/decision/enum", ["x"], f"{AT}/decision/enum"),
        (f"{AT}/decision/oneOf", [{"const": "x"}], f"{AT}/decision/oneOf"),
        (f"{AT}/decision/oneOf", [{"const": "x", "title": "X"}] * 2, f"{AT}/decision/oneOf"),
        (f"{AT}/tags/items", {"type": "array", "items": {"type": "string"}}, f"{AT}/tags/items/type"),
        (f"{AT}/tags/items", False, f"{AT}/tags/items"),
        (f"{AT}/tags/maxItems", 201, f"{AT}/tags/maxItems"),
        (f"{AT}/lines/items/properties/sku/title", "", f"{AT}/lines/items/properties/sku/title"),
        (f"{AT}/lines/items/properties/sku/type", "array", f"{AT}/lines/items/properties/sku/type"),
        (f"{AT}/lines/items/additionalProperties", {}, f"{AT}/lines/items/additionalProperties"),
        ("/fields/nothing", {}, "/fields/nothing"),
        ("/fields/days", {"hidden": True}, "/fields/days/hidden"),
        ("/fields/days", {"read": ["clerk"], "write": ["manager"]}, "/fields/days/write"),
        ("/fields/days", {"read": ["clerk"]}, "/fields/days/write"),
        ("/fields/days", {"write": ["Credit Manager"]}, "/fields/days/write"),
        ("/fields/days", {"required_for": ["later"]}, "/fields/days/required_for"),
        ("/fields/account/look_up/capability", "crm.customers.delete", "/fields/account/look_up/capability"),
        ("/fields/account/look_up", {"record": "planet"}, "/fields/account/look_up/record"),
        ("/fields/account/look_up", {"record": "customer", "query": "name"}, "/fields/account/look_up"),
        (
            "/fields/account/look_up",
            {"record": "customer", "capability": "crm.customers.search"},
            "/fields/account/look_up",
        ),
        ("/fields/account/look_up", {"capability": "crm.customers.search"}, "/fields/account/look_up"),
        ("/fields/account/look_up/system", "erp", "/fields/account/look_up"),
        ("/fields/account/look_up", {}, "/fields/account/look_up"),
        ("/fields/days", {"look_up": {"record": "customer"}}, "/fields/days/look_up"),
        ("/groups", [{"title": "All", "fields": ["decision"]}], "/groups"),
        ("/groups", [{"title": "", "fields": []}], "/groups/0/title"),
        ("/title", "x", "/title"),
    ],
)
def test_what_is_no_form_is_refused_where_it_is_wrong(pointer: str, value: Any, at: str) -> None:
    found = errors(changed(pointer, value), capabilities=["crm.customers.search"], outcomes=["reject"])
    assert at in [one.removesuffix("/0") for one in found], found


def test_a_form_has_bounds() -> None:
    field = {"type": "string", "title": "T"}
    assert errors({"schema": {"type": "object", "properties": {f"f{n}": field for n in range(101)}}}) == [AT]
    long = {"type": "string", "title": "T", "description": "x" * 1_900}
    assert errors({"schema": {"type": "object", "properties": {f"f{n}": long for n in range(40)}}}) == [""]
    deep: Any = {}
    for _ in range(100_000):
        deep = {"items": deep}
    assert errors({"schema": {"type": "object", "properties": {"f": deep}}}) == [""]


@settings(max_examples=80, deadline=None)
@given(documents())
def test_whatever_is_of_the_profile_is_read(document: dict[str, Any]) -> None:
    assert list(forms.read(document).rules) == list(document["schema"]["properties"])


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=8), one, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(anything, st.sampled_from(["", "/schema", AT, f"{AT}/days", f"{AT}/tags/items", f"{AT}/lines/items", "/fields"]))
def test_nothing_that_somebody_publishes_breaks_the_reader(value: Any, pointer: str) -> None:
    document = value if pointer == "" else changed(pointer, value)
    with contextlib.suppress(InvalidForm):
        assert forms.read(document).rules


def test_the_partners_page_has_a_form_that_is_read_as_it_stands() -> None:
    page = (ROOT / "docs/partner/forms.md").read_text()
    (example,) = re.findall(r"```yaml form\n(.*?)```", page, re.DOTALL)
    form = forms.read(yaml.safe_load(example), capabilities=["crm.customers.search"], outcomes=["approve", "reject"])
    assert [one.title for one in form.groups()] == ["Decision", "Background"]
    assert sorted(TEXTS | MEMBERS) == sorted(
        re.findall(r"`(\w+)`", page.partition("parts:1#/$defs/`: ")[2].partition("Where")[0])
    )
