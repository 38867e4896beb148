"""Tests of a manifest in more files than one, since a document holds so many values and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.connectors.declared import library
from services.connectors.declared.document import Document
from services.connectors.trying import cases
from template_library.dsl.errors import DocumentError

FIRST = """
settings: { database: acme, user: robot, currency: USD }
tests:
  - { name: first, operation: erp.customers.credit, input: { customer: C-1 }, expect: { output: {} } }
"""
MORE = """
settings: { places: 3, currency: EUR }
tests:
  - { name: second, operation: erp.customers.get, settings: { currency: CHF }, expect: { output: {} } }
"""


@pytest.fixture
def document() -> Document:
    return next(one for one in library.documents() if one.name == "odoo")


def test_files_beside_the_first_hold_more_tests_with_settings_of_their_own(tmp_path: Path, document: Document) -> None:
    (tmp_path / "tests-more.yaml").write_text(MORE)
    assert cases.read(tmp_path, document) == cases.Cases(()), "they are beside the first, or none"
    (tmp_path / cases.FILE).write_text(FIRST)
    found = cases.read(tmp_path, document)
    assert [(one.name, one.settings) for one in found.tests] == [
        ("first", {}),
        ("second", {"places": 3, "currency": "CHF"}),
    ]
    assert found.settings == {"database": "acme", "user": "robot", "currency": "USD"}


def test_a_mistake_in_one_of_them_is_told_with_its_file(tmp_path: Path, document: Document) -> None:
    (tmp_path / cases.FILE).write_text(FIRST)
    (tmp_path / "tests-more.yaml").write_text(MORE.replace("erp.customers.get", "erp.customers.gets"))
    with pytest.raises(DocumentError) as caught:
        cases.read(tmp_path, document)
    assert caught.value.filename == str(tmp_path / "tests-more.yaml")
    assert "erp.customers.get" in str(caught.value.violations[0].message)
