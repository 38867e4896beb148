"""`waybill template`: the scenarios of a package run on this machine alone, and fail when they should."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli.commands.template import command
from template_library import catalog


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy to break, with its first two scenarios."""
    folder = tmp_path / "order-release" / "1.0.0"
    shutil.copytree(catalog.builtin().find("order-release", "1.0.0").folder, folder)
    for file in sorted((folder / "tests").iterdir())[2:]:
        file.unlink()
    return folder


@pytest.mark.parametrize("reference", [one.reference for one in catalog.builtin().packages()])
def test_every_template_passes_its_scenarios(reference: str) -> None:
    name, _, version = reference.partition("@")
    code, output = run("test", name, "--version", version)
    assert code == 0, output
    assert "0 failed" in output


def test_a_wrong_expectation_fails_with_the_difference(package: Path) -> None:
    file = package / "tests" / "01-released.yaml"
    file.write_text(file.read_text().replace("number: SO-1001", "number: SO-1"))
    code, output = run("test", str(package))
    assert code == 1
    assert '/output/sale/number is "SO-1001", not "SO-1"' in output
    assert "2 passed, 1 failed" in output


def test_what_the_manifest_hides_is_found(package: Path) -> None:
    file = package / "manifest.yaml"
    file.write_text(file.read_text().replace("      - erp.sales-orders.create\n", ""))
    code, output = run("test", str(package), "--json")
    assert code == 1
    assert json.loads(output)[0]["wrong"] == [
        "the workflow calls erp.sales-orders.create on `erp`, which the manifest does not list"
    ]


def test_a_parameter_out_of_range_fails_its_scenario(package: Path) -> None:
    file = package / "tests" / "01-released.yaml"
    file.write_text(file.read_text() + "parameters: {credit_tolerance_percent: 500}\n")
    code, output = run("test", str(package))
    assert code == 1
    assert "/parameters/credit_tolerance_percent" in output


@pytest.mark.parametrize("name", ["nothing", "./nothing"])
def test_an_unknown_template_is_wrong_use(name: str) -> None:
    assert run("test", name)[0] == 2


def test_a_broken_workflow_is_wrong_use(package: Path) -> None:
    (package / "workflow.yaml").write_text("do: []")
    assert run("test", str(package))[0] == 2


def test_templates_are_listed_and_shown() -> None:
    assert "order-release" in run("list")[1]
    assert "order-release" in {one["name"] for one in json.loads(run("list", "--json")[1])}
    code, output = run("show", "order-release")
    assert code == 0
    assert "allow_backorder = false" in output
    assert json.loads(run("show", "order-release", "--json")[1])["parameters"]["type"] == "object"
