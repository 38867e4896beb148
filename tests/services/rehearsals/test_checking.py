"""A package's parts fit together, or it is said where they do not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from services.rehearsals.rehearsing import run_package
from template_library import catalog
from template_library.dsl import reader

ASKS: Final = """
document: {dsl: 1.0.3, namespace: tests, name: tried, version: 1.0.0}
do:
  - review:
      call: human-task:1.0.0@default
      with:
        task: credit-review
        title: Look at it
        role: credit-manager
        form: limit
        outcomes: [approve, reject]
"""
FORM: Final = """
schema: {type: object, properties: {limit: {type: integer, title: New limit}}}
fields: {limit: {required_for: [approve]}}
"""


def whole(folder: Path) -> Path:
    """A package that says its category, and lacks the rest."""
    root = folder / "tried" / "1.0.0"
    for name, text in {
        "manifest.yaml": "{name: tried, version: 1.0.0, title: T, summary: T, category: orders, permissions: [odd]}",
        "workflow.yaml": ASKS,
        "parameters.schema.json": '{"type": "object"}',
        "forms/limit.yaml": FORM,
        "forms/idle.yaml": FORM,
        "mails/late.yaml": "{subject: {en: Late}, text: {de: '{{ run.id }}'}}",
        "runbooks/idle.md": "Nothing.",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_what_a_whole_package_lacks_is_named(tmp_path: Path) -> None:
    (verdict,) = asyncio.run(run_package(catalog.load(whole(tmp_path))))
    for words in (
        "the manifest does not say its `roles`",
        "there is no CLIENT.md",
        "the workflow names the role credit-manager, which the manifest does not have",
        "no task asks for the form idle",
        "no notice is the mail late",
        "the mail late cannot be read: a mail has its subject and its text in the same languages",
        "no exception has the runbook runbooks/idle.md",
        "there is no permission odd",
    ):
        assert words in verdict.wrong


def test_a_form_stands_in_the_document_where_it_is_named(tmp_path: Path) -> None:
    package = catalog.load(whole(tmp_path))
    found: Any = reader.read(package.document).value
    assert found["do"][0]["review"]["with"]["form"]["fields"] == {"limit": {"required_for": ["approve"]}}
    assert len(package.document.split("\n")) == len(ASKS.split("\n"))


def test_what_a_parameter_is_looked_up_by_and_counted_in_is_checked(tmp_path: Path) -> None:
    folder = whole(tmp_path)
    (folder / "parameters.schema.json").write_text("""
        {"type": "object", "properties": {
            "grace": {"type": "integer", "x-unit": "dayz"},
            "from": {"type": "string", "x-look-up": "warehose"}}}
    """)
    (verdict,) = asyncio.run(run_package(catalog.load(folder)))
    told = [one for one in verdict.wrong if "the parameter" in one]
    assert [one.split(",")[0] for one in told] == [
        "the parameter `grace`: `x-unit` is 'dayz'",
        "the parameter `from`: `x-look-up` is 'warehose'",
    ]
