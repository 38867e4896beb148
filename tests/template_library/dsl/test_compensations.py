"""What a document declares that undoes a failed run of it (ADR 0138)."""

from __future__ import annotations

import pytest

from template_library.dsl import DocumentError, parse

HEAD = "document: {dsl: '1.0.3', namespace: tests, name: order, version: 1.0.0, metadata: {compensation: %s}}\n"
DO = "do:\n  - t: {set: {a: 1}}\n"


@pytest.mark.parametrize(
    ("declared", "program"),
    [
        ("{workflow: {name: undo, version: 1.2.0}}", "tests/undo:1.2.0"),
        ("{workflow: {name: undo}}", "tests/undo:latest"),
        ("{workflow: {name: order, version: 0.9.0}}", "tests/order:0.9.0"),
    ],
)
def test_it_is_one_of_the_workflows_that_the_document_has(declared: str, program: str) -> None:
    found = parse(HEAD % declared + DO)
    assert found.compensation == program
    assert ["{}/{}:{}".format(*one) for one in found.workflows] == [program]


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ("true", "must be an object"),
        ("{}", "`workflow` is missing"),
        ("{workflow: {version: 1.0.0}}", "`name` is missing"),
        ("{workflow: {name: undo, namespace: others}}", "namespace"),
        ("{workflow: {name: 'un/do'}}", "a name of letters"),
        ("{workflow: {name: undo, version: newest}}", "a semantic version"),
        ("{workflow: {name: order}}", "may not undo itself"),
        ("{workflow: {name: order, version: 1.0.0}}", "may not undo itself"),
    ],
)
def test_what_is_no_declaration_is_refused_with_its_place(declared: str, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(HEAD % declared + DO)
    assert words in str(caught.value)
    assert all(one.pointer.startswith("/document/metadata/compensation") for one in caught.value.violations)
