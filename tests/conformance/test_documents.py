"""The example of each page of the language's reference runs, and is the one that the page shows; and other folders."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import pytest

from services.protocols.runner import Runner
from template_library import dsl
from tests.conformance import documents, expectations
from tests.conformance.documents import run_all, texts
from tests.house.tree import ROOT

PAGES: Final = ROOT / "docs" / "language"
OWN: Final = ROOT / "tests" / "conformance" / "examples"
SPECIFICATION: Final = os.environ.get("SPECIFICATION_EXAMPLES", "")
"""A folder of the specification's example documents, which are of another project and not kept here."""
_TABLE: Final = ROOT / "tests" / "conformance" / "specification.yaml"
_BLOCK: Final = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEAD: Final = "document: {dsl: 1.0.3, namespace: a, name: a, version: 1.0.0}\n"


@pytest.mark.parametrize("folder", [PAGES / "examples", OWN], ids=["pages", "own"])
async def test_each_document_of_ours_is_as_its_table_expects(folder: Path) -> None:
    found = {one.name: one.line for one in await run_all(texts(folder))}
    assert not expectations.differences(expectations.read(folder / expectations.EXPECTED), found)


@pytest.mark.skipif(not SPECIFICATION, reason="SPECIFICATION_EXAMPLES names no folder")
async def test_each_document_of_the_specification_is_as_our_table_expects() -> None:
    found = {one.name: one.line for one in await run_all(texts(Path(SPECIFICATION)))}
    assert not expectations.differences(expectations.read(_TABLE), found)


@pytest.mark.parametrize("page", sorted(path.name for path in PAGES.glob("*.md") if path.name != "README.md"))
def test_each_page_shows_its_example(page: str) -> None:
    shown = _BLOCK.findall((PAGES / page).read_text())
    assert shown == [(PAGES / "examples" / page.replace(".md", ".yaml")).read_text()]


async def test_documents_that_cannot_run_are_told_apart() -> None:
    head = _HEAD
    documents = {
        "wrong": head + "do: []\n",
        "never": head + "do: [{a: {run: {shell: {command: ls}}}}]\n",
        "faulty": head + "do: [{a: {raise: {error: {type: 'https://example.com/e', status: 400}}}}]\n",
        "deaf": head + "do: [{a: {listen: {to: {any: [], until: '${ false }'}}}}]\n",
    }
    verdicts = {one.name: one.verdict for one in await run_all(documents)}
    assert verdicts == {"wrong": "refused", "never": "refused", "faulty": "ran (faulted)", "deaf": "ran (waiting)"}


async def test_the_example_of_programs_runs_where_there_is_a_runner(runner: Runner) -> None:
    (result,) = await run_all({"it": (PAGES / "examples" / "run-processes.yaml").read_text()}, runner)
    assert result.verdict == "ran (completed)", result


async def test_one_document_that_breaks_the_suite_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = dsl.parse

    def parse(text: str, **more: object) -> object:
        if "break" in text:
            raise KeyError("document")
        return parsed(text, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(documents, "parse", parse)
    good = _HEAD + "do: [{a: {set: {x: 1}}}]\n"
    found = {one.name: one.line for one in await run_all({"one": good + "# break", "two": good})}
    assert found == {"one": "broken: KeyError: 'document'", "two": "ran (completed)"}


def test_a_folder_that_is_otherwise_than_its_table_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert documents.main([str(tmp_path)]) == 1
    (tmp_path / "a.yaml").write_text(
        _HEAD + "do: [{a: {raise: {error: {type: 'https://example.com/e', status: 400}}}}]\n"
    )
    (tmp_path / "b.yaml").write_text("do: [\n")
    assert documents.main([str(tmp_path)]) == 0
    table = tmp_path / "expected.yaml"
    table.write_text("a.yaml: 'ran (faulted): example.com/e 400'\nb.yaml: 'refused: no YAML'\n")
    assert documents.main([str(tmp_path)]) == 0
    table.write_text("a.yaml: refused\nc.yaml: refused\n")
    capsys.readouterr()
    assert documents.main([str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "≠ a.yaml: ran (faulted): https://example.com/e 400" in told
    assert "≠ b.yaml: refused: this is no YAML" in told
    assert "≠ c.yaml: there is no such document" in told


def test_what_is_expected_of_the_specification_can_be_read() -> None:
    assert expectations.read(_TABLE)["call-mcp.yaml"].startswith("refused: ")
