"""Which kinds of exceptions a document declares, and that it raises no other (ADR 0130)."""

from __future__ import annotations

from typing import get_args

import pytest

from services.exceptions.categories import Category
from template_library.dsl import DocumentError, parse
from template_library.dsl.kinds import CATEGORIES
from template_library.dsl.model import ExceptionKind

HEAD = "document: {dsl: '1.0.3', namespace: tests, name: kinds, version: 1.0.0, metadata: {exceptions: %s}}\n"
DO = "do:\n  - t: {set: {a: 1}}\n"
GOOD = "title: Short, owner: desk, runbook: '# Short'"
RAISE = "do:\n  - t: {raise: {error: {type: 'https://own.example/errors/%s', status: 400, title: No}}}\n"
CAUGHT = """
do:
  - out:
      try: [{in: {raise: {error: {type: 'https://own.example/x', status: 400}}}}]
      catch: {errors: {with: {status: 400}}}
"""


def test_the_desk_and_documents_have_the_same_categories() -> None:
    assert get_args(Category) == CATEGORIES


def test_kinds_are_read_with_all_that_they_say() -> None:
    written = f"{{short: {{{GOOD}, within: PT90M, category: failed}}, over: {{{GOOD}}}}}"
    plain = ExceptionKind(title="Short", owner="desk", runbook="# Short")
    assert parse(HEAD % written + RAISE % "short").exceptions == {
        "short": ExceptionKind(title="Short", owner="desk", runbook="# Short", within=5_400_000, category="failed"),
        "over": plain,
    }
    assert parse(HEAD.replace(", metadata: {exceptions: %s}", "") + RAISE % "any").exceptions is None


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("[a]", "must be an object"),
        ("{short: a}", "must be an object"),
        ("{Short: {" + GOOD + "}}", "`Short` is not a slug"),
        ("{short: {title: a, owner: desk}}", "`runbook` is missing"),
        ("{short: {title: '', owner: desk, runbook: b}}", "must have 1 to 80 characters"),
        ("{short: {title: a, owner: The Desk, runbook: b}}", "`The Desk` is not a slug"),
        ("{short: {" + GOOD + ", withn: PT1H}}", "did you mean `within`"),
        ("{short: {" + GOOD + ", within: soon}}", "duration"),
        ("{short: {" + GOOD + ", within: PT0S}}", "must be more than nothing"),
        ("{short: {" + GOOD + ", category: fails}}", "did you mean `failed`"),
        ("{" + ", ".join(f"k{n}: {{{GOOD}}}" for n in range(101)) + "}", "at most 100 kinds"),
    ],
)
def test_what_is_no_kind_is_refused_with_its_place(written: str, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(HEAD % written + DO)
    assert words in str(caught.value)
    assert all(one.pointer.startswith("/document/metadata/exceptions") for one in caught.value.violations)


def test_a_kind_that_is_not_declared_is_refused_where_it_is_raised() -> None:
    with pytest.raises(DocumentError) as caught:
        parse(HEAD % f"{{short-stock: {{{GOOD}}}}}" + RAISE % "short-stok")
    (violation,) = caught.value.violations
    assert violation.pointer == "/do/0/t/raise/error"
    assert "`short-stok` is none of the kinds of exceptions that the document declares" in violation.message
    assert "did you mean `short-stock`" in violation.message


@pytest.mark.parametrize(
    "do",
    [
        RAISE.replace("own.example/errors/%s", "serverlessworkflow.io/spec/1.0.0/errors/validation"),
        RAISE.replace("https://own.example/errors/%s", "${ .kind }"),
        CAUGHT,
    ],
)
def test_standard_computed_and_caught_errors_are_no_kinds(do: str) -> None:
    assert parse(HEAD % f"{{short: {{{GOOD}}}}}" + do).exceptions is not None
