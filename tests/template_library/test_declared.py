"""A package's exceptions and parameters go into its document, so that what is published has them (ADR 0130)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from template_library import catalog, declared
from template_library.dsl import parse

ALL = [one for one in catalog.builtin().packages() if one.manifest.exceptions]
TASK = "do:\n  - t: {set: {a: 1}}\n"
MEMBERS = "dsl: 1.0.3, namespace: tests, name: own, version: 1.0.0"
BLOCK = MEMBERS.replace(", ", "\n  ")


@pytest.mark.parametrize("package", ALL, ids=lambda one: one.reference)
def test_every_package_can_be_published_as_a_document_of_ones_own(package: catalog.Package) -> None:
    made = parse(declared.document(package))
    assert made.exceptions == declared.kinds(package)
    assert all(one.runbook.startswith("# ") for one in made.exceptions.values())
    assert made.document.metadata["exceptions"].keys() == package.manifest.exceptions.keys()
    assert made.document.metadata["parameters"] == package.parameters
    assert made.tasks.keys() == parse(package.document).tasks.keys()


@pytest.mark.parametrize(
    "head",
    [
        f"document: {{ {MEMBERS} }}\n",
        f"document:\n  {BLOCK}\n",
        f"document:\n  {BLOCK}\n  metadata: {{}}\n",
        f"document:\n  {BLOCK}\n  metadata:\n    mine: 1\n",
        f"document: {{ {MEMBERS}, metadata: {{ mine: 1 }} }}\n",
    ],
)
def test_it_is_put_in_however_the_document_is_written(head: str) -> None:
    package = replace(catalog.builtin().find("order-release", "1.2.0"), document=head + TASK)
    made = parse(declared.document(package))
    assert made.exceptions == declared.kinds(package)
    assert made.document.metadata.get("mine") == (1 if "mine" in head else None)


def test_what_a_workflow_declares_itself_stays() -> None:
    own = "metadata: { exceptions: { own: { title: a, owner: b, runbook: c } } }"
    text = f"document: {{ {MEMBERS}, {own} }}\n" + TASK
    assert declared.document(replace(ALL[0], document=text, parameters={})) == text
    without = replace(catalog.builtin().find("order-release", "1.0.0"), parameters={})
    assert declared.document(without) == without.document
