"""Words that must not stand where they would be seen: registries, paths of one machine, the product's own name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.house.tree import files, place, python_files, relative, strings, text

_REGISTRIES: Final = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|yarnpkg\.com|jsdelivr\.net|unpkg\.com|cdnjs\.|ghcr\.io|docker\.io|quay\.io|"
    r"--(?:extra-)?index-url[ =]\S*://"
)
_MACHINE: Final = re.compile(r"(?<![\w.$}])/(?:work|root|Users|home/[a-z]\w*)/\w")
_PRODUCT: Final = re.compile("waybill", re.IGNORECASE)

# What a partner's client can come to see: answers and headers of the API, what leaves by egress and connectors, errors
# of runs, problem details. A partner sells under its own name (contract of the white label), so ours is nowhere here.
# Checked: every string that is no docstring; comments and docstrings are for us. Settings are read elsewhere.
_SEEN_CODE: Final = (
    "infra/database/",
    "infra/egress/",
    "infra/encryption/",
    "infra/problems.py",
    "infra/pagination.py",
    "infra/strict_json.py",
    "services/api/",
    "services/connectors/",
    "services/engine/",
    "services/events/",
    "services/portal/",
    "services/protocols/",
    "services/worker/",
    "tenants/",
    "template_library/",
)
# Whole files: documents, forms and schemas that a client's users read, and the API's documentation pages.
_SEEN_FILES: Final = ("template_library/", "services/api/viewer/", "services/connectors/", "services/portal/")
_SEEN_SUFFIXES: Final = (".yaml", ".yml", ".json", ".md", ".html", ".css", ".js", ".ts", ".tsx", ".svg")

# Strings for the operator's terminal, in places that nobody else reads.
FOR_THE_OPERATOR: Final[dict[str, str]] = {}


def _lines(pattern: re.Pattern[str], found: Iterator[Path]) -> list[str]:
    """Where `pattern` stands; the house tests themselves name what they look for."""
    return [
        place(file, number)
        for file in found
        if not relative(file).startswith("tests/house/")
        for number, line in enumerate(text(file).splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_registry_is_named() -> None:
    assert not _lines(_REGISTRIES, files())


def test_no_path_of_a_machine_is_named() -> None:
    assert not _lines(_MACHINE, files())


def test_the_products_name_is_in_no_string_that_a_client_may_see() -> None:
    found = [
        place(file, constant.lineno)
        for file in python_files()
        if relative(file).startswith(_SEEN_CODE)
        for constant in strings(file)
        if _PRODUCT.search(str(constant.value)) and str(constant.value) not in FOR_THE_OPERATOR
    ]
    assert not found, f"a partner's clients never see our name: {found}"


def test_the_products_name_is_in_no_file_that_a_client_may_see() -> None:
    seen = (
        file
        for file in files(*_SEEN_SUFFIXES)
        if relative(file).startswith(_SEEN_FILES) and file.name != "package-lock.json"
    )
    assert not _lines(_PRODUCT, seen)
