"""Row 47: the server holds an answer to the form that was shown, field by field, whatever a page sends."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from template_library.forms import form as forms
from template_library.forms import rights
from template_library.forms.answers import Accepted, Refused, answer
from template_library.forms.showing import digest, view
from tests.template_library.forms.samples import GOOD, RELEASE, ROLES, answers, documents

RELEASE_FORM = forms.read(RELEASE)


def refused(values: Any, *roles: str, **more: Any) -> dict[str, str]:
    said = answer(RELEASE_FORM, roles, values, **more)
    assert isinstance(said, Refused), said
    return {one.pointer: one.detail for one in said.errors}


def accepted(values: Any, *roles: str, **more: Any) -> Accepted:
    said = answer(RELEASE_FORM, roles, values, **more)
    assert isinstance(said, Accepted), said
    return said


@settings(max_examples=200, deadline=None)
@given(documents(), st.sets(st.sampled_from(ROLES)), answers, answers)
def test_S_67_no_answer_writes_what_its_writer_may_not_or_the_form_does_not_have(
    document: dict[str, Any], roles: set[str], values: dict[str, Any], present: dict[str, Any]
) -> None:
    form = forms.read(document)
    said = answer(form, roles, values, present=present)
    named = document["fields"]

    def may(name: str, right: str) -> bool:
        wanted = named.get(name, {}).get(right)
        return name in form.rules and (wanted is None or bool(set(wanted) & roles))

    forbidden = {name for name in values if not (may(name, "read") and may(name, "write"))}
    if isinstance(said, Refused):
        assert said.errors
        assert {f"/{name}" for name in forbidden} <= {one.pointer for one in said.errors}
        return
    assert not forbidden
    assert set(said.written) == set(values)
    untouched = {name: value for name, value in present.items() if name not in values}
    assert {name: said.values.get(name) for name in untouched} == untouched
    for name in document["schema"]["required"]:
        assert not (may(name, "read") and may(name, "write")) or said.values.get(name) is not None
    for name, value in values.items():
        if value is not None:
            assert_fits(document["schema"]["properties"][name], value)


def assert_fits(rule: dict[str, Any], value: Any) -> None:
    """By hand, of the kinds that `documents` makes."""
    if rule["title"] == "Money":
        assert value == {"amount": 1, "currency": "USD"}
    elif rule["title"] == "Many":
        assert isinstance(value, list)
        assert len(value) <= 2
        assert all(type(one) is int for one in value)
    elif rule["title"] == "One":
        assert value in {"x", "y"}
    elif rule["title"] == "Yes":
        assert value is True
    elif rule["title"] == "Number":
        assert type(value) is int
        assert 0 <= value <= 9
    else:
        assert isinstance(value, str)
        assert 0 < len(value.strip()) <= len(value) <= 3


@settings(max_examples=120, deadline=None)
@given(documents(), st.sets(st.sampled_from(ROLES)), answers)
def test_S_67_a_field_that_is_hidden_is_neither_shown_nor_told_from_none(
    document: dict[str, Any], roles: set[str], held: dict[str, Any]
) -> None:
    form = forms.read(document)
    readable = rights.readable(form, roles)
    seen = view(form, roles, held)
    assert {field.name for section in seen.sections for field in section.fields} == readable
    assert seen.values.keys() == held.keys() & readable
    for name in form.rules.keys() - readable:
        said, unknown = answer(form, roles, {name: 1}), answer(form, roles, {"nowhere": 1})
        assert isinstance(said, Refused)
        assert isinstance(unknown, Refused)
        same = [("/nowhere" if one.pointer == f"/{name}" else one.pointer, one.detail) for one in said.errors]
        assert same == [(one.pointer, one.detail) for one in unknown.errors]


@pytest.mark.parametrize(
    "more", ["tenant_id", "role", "is_admin", "version", "approved_by", "outcome", "__proto__", ""]
)
def test_S_67_a_member_that_the_form_does_not_have_is_refused_and_named(more: str) -> None:
    assert refused({**GOOD, more: "x"}, "credit-manager") == {f"/{more}": "The form has no such field"}
    inside = {**GOOD, "limit": {**GOOD["limit"], more: "x"}, "lines": [{"sku": "A-1", more: "x"}]}
    assert refused(inside) == {
        f"/limit/{more}": "The form has no such field",
        f"/lines/0/{more}": "The form has no such field",
    }


def test_what_is_good_is_taken_and_what_was_there_stays() -> None:
    said = accepted({**GOOD, "seen": True}, present={"score": 71.5, "days": 3, "seen": False})
    assert said.values == {**GOOD, "score": 71.5, "days": 3, "seen": True}
    assert said.written == ("decision", "limit", "seen")
    assert accepted({"days": None, **GOOD}, "credit-manager", present={"days": 3}).values == GOOD


def test_rights_are_those_of_the_roles_that_somebody_has() -> None:
    assert refused({**GOOD, "days": 3}) == {"/days": "This field is not yours to fill in"}
    assert accepted({**GOOD, "days": 3}, "credit-manager").values["days"] == 3
    assert refused({**GOOD, "score": 1.0}) == {"/score": "The form has no such field"}
    assert refused({**GOOD, "score": 1.0}, "credit-manager") == {"/score": "This field is not yours to fill in"}
    names = [field.name for section in view(RELEASE_FORM, []).sections for field in section.fields]
    assert "score" not in names
    seen = view(RELEASE_FORM, ["credit-manager"], {"score": 70})
    assert seen.values == {"score": 70}
    flags = {field.name: field.is_writable for section in seen.sections for field in section.fields}
    assert (flags["score"], flags["days"], flags["reason"]) == (False, True, True)
    assert view(RELEASE_FORM, []).values == {"days": 0}, "the defaults, where nothing is held"


@pytest.mark.parametrize(
    ("wrong", "pointer", "words"),
    [
        ({"decision": None}, "/decision", "This is needed"),
        ({"decision": "twice"}, "/decision", "none of"),
        ({"limit": {"amount": 1}}, "/limit/currency", "This is needed"),
        ({"limit": {"amount": 1.5, "currency": "USD"}}, "/limit/amount", "integer"),
        ({"limit": {"amount": -1, "currency": "USD"}}, "/limit/amount", "less than"),
        ({"limit": {"amount": 1, "currency": "XXX"}}, "/limit/currency", "three letters, such as USD"),
        ({"until": "2026-02-30"}, "/until", "a day such as 2026-03-31"),
        ({"reason": " \n "}, "/reason", "Write something"),
        ({"account": " "}, "/account", "Write something"),
        ({"account": "two\nlines"}, "/account", "Write it on one line"),
        ({"account": "x" * 41}, "/account", "longer than 40"),
        ({"seen": False}, "/seen", "true"),
        ({"tags": ["new", "old"]}, "/tags/1", "not one of"),
        ({"tags": ["new"] * 201}, "/tags", "more than 200"),
        ({"proofs": ["doc_../../x"]}, "/proofs/0", "document"),
        ({"lines": [{"quantity": {"value": "1", "unit": "EA"}}]}, "/lines/0/sku", "This is needed"),
        ({"lines": [{"sku": "a b"}]}, "/lines/0/sku", "in the form that is asked for"),
        ({"lines": [{"sku": "A", "quantity": {"value": 1, "unit": "EA"}}]}, "/lines/0/quantity/value", "string"),
    ],
)
def test_what_is_wrong_is_told_where_it_is(wrong: dict[str, Any], pointer: str, words: str) -> None:
    told = refused({**GOOD, **wrong})
    assert list(told) == [pointer]
    assert words in told[pointer]


def test_nobody_is_asked_for_what_they_may_not_write() -> None:
    document = {
        "schema": {**RELEASE["schema"], "required": ["days", "decision", "score"]},
        "fields": {**RELEASE["fields"], "days": {"write": ["credit-manager"]}},
    }
    form = forms.read(document)
    assert isinstance(answer(form, ["clerk"], {"decision": "once"}), Accepted)
    said = answer(form, ["credit-manager"], {"decision": "once"})
    assert isinstance(said, Refused)
    assert [one.pointer for one in said.errors] == ["/days"]


def test_an_outcome_may_need_more() -> None:
    assert accepted(GOOD, outcome="approve").written == ("decision", "limit")
    assert refused(GOOD, outcome="reject") == {"/reason": "This is needed"}
    assert accepted({**GOOD, "reason": "Too late\nagain"}, outcome="reject").values["reason"] == "Too late\nagain"


def test_what_stands_for_something_elsewhere_is_told_so_that_it_is_looked_for() -> None:
    proof = "doc_01h455vb4pex5vsknk084sn02q"
    names = accepted({**GOOD, "account": "C-1", "proofs": [proof]}).names
    assert [(one.pointer, one.value, one.look_up and one.look_up.capability) for one in names] == [
        ("/account", "C-1", "crm.customers.search"),
        ("/proofs/0", proof, None),
    ]


@pytest.mark.parametrize("value", [None, [], "x", 1, [GOOD]])
def test_an_answer_is_an_object(value: Any) -> None:
    assert list(refused(value)) == [""]


def test_S_31_an_answer_has_bounds() -> None:
    assert refused({**GOOD, "reason": "x" * 262_145}) == {"": "Keep an answer within 262144 bytes"}
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    assert refused({**GOOD, "tags": deep}) == {"": "Answer with JSON that is not nested deeply"}
    many = refused({**GOOD, "lines": [{"sku": "a b"}] * 200})
    assert len(many) == 50


def test_S_27_a_pattern_takes_linear_time() -> None:
    """With a machine that goes back it would not end: 2^4000 ways."""
    document = {
        "schema": {"type": "object", "properties": {"a": {"type": "string", "title": "A", "pattern": "^(a+)+$"}}}
    }
    said = answer(forms.read(document), [], {"a": "a" * 4_000 + "b"})
    assert isinstance(said, Refused)


def test_what_was_seen_has_one_hash_however_it_is_written_and_another_when_anything_differs() -> None:
    seen = view(RELEASE_FORM, ["credit-manager"], GOOD)
    facts = {"customer": "Acme Wholesale", "open": 12_000}
    told = digest({"form": seen, "shown": facts})
    assert told == digest({"shown": dict(reversed(facts.items())), "form": msgspec.to_builtins(seen)})
    assert len(told) == 64
    others = [
        {"form": view(RELEASE_FORM, [], GOOD), "shown": facts},
        {"form": view(RELEASE_FORM, ["credit-manager"], {**GOOD, "days": 1}), "shown": facts},
        {"form": seen, "shown": {**facts, "open": 12_001}},
        {"form": seen, "shown": {**facts, "open": "12000"}},
    ]
    assert len({told, *map(digest, others)}) == 5
    with pytest.raises(ValueError, match="no such number"):
        digest({"shown": [float("nan")]})


def test_no_pattern_is_anybodys_to_read_and_a_field_s_help_says_how_it_is_written() -> None:
    rule = {
        "type": "string",
        "title": "Batch",
        "pattern": "^[A-Z]{2}[0-9]{4}$",
        "description": "As on the label: AB1234.",
    }
    properties = {"batch": rule, "mail": {"type": "string", "title": "Mail", "format": "email"}}
    form = forms.read({"schema": {"type": "object", "properties": properties}})
    said = answer(form, (), {"batch": "soon", "mail": "nobody"})
    assert isinstance(said, Refused)
    assert [one.detail for one in said.errors] == [
        "This is not written in the form that is asked for: As on the label: AB1234.",
        "Write an address such as name@example.com",
    ]
