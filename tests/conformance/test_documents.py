"""The example of each page of the language's reference runs, and is the one that the page shows."""

from __future__ import annotations

import re
from typing import Final

import pytest

from services.protocols.runner import Runner
from tests.conformance.documents import Result, run_all, texts
from tests.house.tree import ROOT

PAGES: Final = ROOT / "docs" / "language"
EXAMPLES: Final = texts(PAGES / "examples")
_BLOCK: Final = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_OTHERWISE: Final = {"raise.yaml": "ran (faulted)", "run-processes.yaml": "refused"}


@pytest.fixture(scope="module")
async def results() -> dict[str, Result]:
    return {one.name: one for one in await run_all(EXAMPLES)}


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_runs(name: str, results: dict[str, Result]) -> None:
    assert results[name].verdict == _OTHERWISE.get(name, "ran (completed)"), results[name]


@pytest.mark.parametrize("page", sorted(path.name for path in PAGES.glob("*.md") if path.name != "README.md"))
def test_each_page_shows_its_example(page: str) -> None:
    shown = _BLOCK.findall((PAGES / page).read_text())
    assert shown == [EXAMPLES[page.replace(".md", ".yaml")]]


async def test_documents_that_cannot_run_are_told_apart() -> None:
    head = "document: {dsl: 1.0.3, namespace: a, name: a, version: 1.0.0}\n"
    documents = {
        "wrong": head + "do: []\n",
        "never": head + "do: [{a: {run: {shell: {command: ls}}}}]\n",
        "faulty": head + "do: [{a: {raise: {error: {type: 'https://example.com/e', status: 400}}}}]\n",
        "deaf": head + "do: [{a: {listen: {to: {any: [], until: '${ false }'}}}}]\n",
    }
    verdicts = {one.name: one.verdict for one in await run_all(documents)}
    assert verdicts == {"wrong": "refused", "never": "refused", "faulty": "ran (faulted)", "deaf": "ran (waiting)"}


async def test_the_example_of_programs_runs_where_there_is_a_runner(runner: Runner) -> None:
    (result,) = await run_all({"run-processes.yaml": EXAMPLES["run-processes.yaml"]}, runner)
    assert result.verdict == "ran (completed)", result
