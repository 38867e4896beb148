"""What a workflow may say of a case of evidence."""

from __future__ import annotations

from typing import Any

import pytest

from template_library import evidence
from template_library.dsl import parse
from template_library.evidence import NAME, Needed

OPEN = {"do": "open", "case": "D-1", "about": {"kind": "invoice", "key": "INV-7"}, "reason": "damage"}


def test_papers_have_a_title_and_words_of_names() -> None:
    said = evidence.read(
        {
            **OPEN,
            "required": {
                "bill-of-lading": None,
                "pod": "Proof of delivery",
                "photo": {"title": "A photo", "names": ["photo", "damage-picture"]},
            },
        }
    )
    assert said.papers == {
        "bill-of-lading": Needed(title="Bill of lading", names=["bill-of-lading"]),
        "pod": Needed(title="Proof of delivery", names=["pod"]),
        "photo": Needed(title="A photo", names=["photo", "damage-picture"]),
    }
    assert evidence.words_of("Bill_of Lading-10482.PDF") == {"bill", "of", "lading", "10482", "pdf"}


@pytest.mark.parametrize(
    "arguments",
    [
        OPEN,
        {"do": "check"},
        {"do": "look", "case": "D-1"},
        {"do": "add", "case": "D-1", "document": "doc_x"},
        {"do": "check", "case": ""},
        {"do": "check", "case": "D-1", "required": {"Not a word": "x"}},
        {"do": "check", "case": "D-1", "required": {f"paper-{number}": None for number in range(51)}},
    ],
)
def test_a_call_that_says_it_wrong_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the words are msgspec's)
        evidence.read(arguments)


@pytest.mark.parametrize(
    ("call", "arguments", "pointer"),
    [
        (NAME, "{do: check, case: '${ .n }'}", None),
        (NAME, "{do: '${ .do }', case: x}", "/do/0/ask/with/do"),
        (NAME, "{do: check}", "/do/0/ask/with"),
        (NAME, "{do: check, case: x, colour: red}", "/do/0/ask/with/colour"),
        (NAME, "{do: check, case: x, reason: Not a word}", "/do/0/ask/with/reason"),
        ("evidence:2.0.0@default", "{}", "/do/0/ask/call"),
    ],
)
def test_what_is_written_down_is_checked_as_it_is_published(call: str, arguments: str, pointer: str | None) -> None:
    document = (
        "document: {dsl: '1.0.3', namespace: tests, name: asking, version: 1.0.0}\n"
        f"do:\n  - ask:\n      call: {call}\n      with: {arguments}\n"
    )
    assert [one.pointer for one in evidence.faults(parse(document))] == ([] if pointer is None else [pointer])
