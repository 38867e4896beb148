"""What the documents name is there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from infra.settings import DEFINITIONS
from services.cli.main import COMMANDS
from tests.house.tree import IMPORT_ROOTS, ROOT, files, python_files, relative, text

PAGE_LINES: Final = 300
_LINK: Final = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_CODE: Final = re.compile(r"(?<!`)`(?P<code>[^`\n]+)`(?!`)")
_FENCE: Final = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_PATH: Final = re.compile(r"(?!/)[\w.*-]*[\w*-](?:/[\w.*-]+)+/?|[\w-]+/")
_NO_PATH: Final = re.compile(r"(?:application|text|image|io\.|v1/|(?:message|tasks|tools|prompts|resources)/[a-z]+)")
_ANCHOR: Final = re.compile(r"[^\w\- ]")
_ADR: Final = re.compile(r"\bADRs? (\d{4})\b")
_COMMAND: Final = re.compile(r"(?:^|[\s/])waybill ([a-z]+)")
_TARGET: Final = re.compile(r"(?:^|\s)make ([a-z]+)")
_SETTING: Final = re.compile(r"\bWAYBILL_[A-Z0-9_]*[A-Z0-9]\b")
_DOCUMENT: Final = re.compile(r"\bdocs/[\w./-]+\w")

_PLACEHOLDER: Final = re.compile(r"(?<![^/])[A-Z]{2,}(?![^/])")
_PACKAGES: Final = tuple((ROOT / "template_library/templates").glob("*/*"))

# Named in documents, made on the machine that runs the product: the environment, and what lies in the home.
_MADE: Final = (".venv/", ".waybill/", "backups/", "logs/", "postgres/", "run/", "secrets/", "valkey/")


def _documents() -> Iterator[Path]:
    return (file for file in files(".md") if not relative(file).startswith("template_library/templates/"))


def _is_there(target: str, document: Path) -> bool:
    """Seen from the document, the checkout or a template package; `NAME` and `*` stand for any name."""
    if target.startswith(_MADE):
        return True
    pattern = _PLACEHOLDER.sub("*", target.rstrip("/"))
    found = [path for start in (document.parent, ROOT, *_PACKAGES) for path in start.glob(pattern)]
    return any(path.is_dir() or not target.endswith("/") for path in found)


def _missing_links(document: Path) -> list[str]:
    missing = []
    for match in _LINK.finditer(text(document)):
        target, _, anchor = match["target"].partition("#")
        if ":" in target:
            continue
        goal = (document.parent / target) if target else document
        if not goal.exists() or (anchor and anchor not in _anchors(goal)):
            missing.append(f"{relative(document)}: {match['target']}")
    return missing


def _anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text(document), re.MULTILINE)
    return {_ANCHOR.sub("", heading).strip().lower().replace(" ", "-") for heading in headings}


def _missing_paths(document: Path) -> list[str]:
    prose = _FENCE.sub("", text(document))
    named = {match["code"] for match in _CODE.finditer(prose)}
    return [
        f"{relative(document)}: {name}"
        for name in sorted(named)
        if _PATH.fullmatch(name) and not _NO_PATH.match(name) and not _is_there(name, document)
    ]


def test_every_link_leads_somewhere() -> None:
    assert not [line for document in _documents() for line in _missing_links(document)]


def test_every_path_in_backticks_exists() -> None:
    assert not [line for document in _documents() for line in _missing_paths(document)]


def test_a_page_is_one_reading() -> None:
    lines = {relative(document): len(text(document).splitlines()) for document in _documents()}
    assert not {name: count for name, count in lines.items() if count > PAGE_LINES}


def test_the_map_leads_to_every_page() -> None:
    found = {
        "docs/README.md": "docs/",
        "docs/adr/README.md": "docs/adr/",
        "docs/language/README.md": "docs/language/",
        "docs/records/README.md": "docs/records/",
    }
    for index, folder in found.items():
        linked = {(ROOT / folder / match["target"]).resolve() for match in _LINK.finditer(text(ROOT / index))}
        below = [file for file in files(".md") if relative(file).startswith(folder) and relative(file) not in found]
        if folder == "docs/":
            below = [
                file
                for file in below
                if not relative(file).startswith(("docs/adr/", "docs/language/", "docs/records/"))
            ]
        assert not [relative(file) for file in below if file not in linked], index


def test_every_decision_that_is_cited_is_written() -> None:
    written = {file.name[:4] for file in (ROOT / "docs/adr").glob("[0-9]*.md")}
    cited = {
        (relative(file), number) for file in files(".py", ".md", ".sql", ".toml") for number in _ADR.findall(text(file))
    }
    assert not [f"{where}: ADR {number}" for where, number in sorted(cited) if number not in written]


def test_every_document_that_code_points_to_exists() -> None:
    pointing = [*python_files(*IMPORT_ROOTS), *files(".toml", ".sql", "Makefile", ".env.example", "run")]
    named = {(relative(file), name) for file in pointing for name in _DOCUMENT.findall(text(file))}
    # `docs/adr/0002` names a decision by its number.
    assert not [f"{where}: {name}" for where, name in sorted(named) if not list(ROOT.glob(f"{name}*"))]


def _code(document: Path) -> list[str]:
    """The code spans and the lines of code blocks."""
    content = text(document)
    blocks = [line.partition("#")[0] for match in _FENCE.finditer(content) for line in match[0].splitlines()]
    return blocks + [match["code"] for match in _CODE.finditer(_FENCE.sub("", content))]


def _missing_words(pattern: re.Pattern[str], known: Collection[str]) -> list[str]:
    return [
        f"{relative(document)}: {match[0]}"
        for document in _documents()
        for code in _code(document)
        for match in pattern.finditer(code)
        if match[1] not in known
    ]


def test_every_command_that_a_document_gives_exists() -> None:
    assert not _missing_words(_COMMAND, COMMANDS)


def test_every_target_of_make_that_a_document_gives_exists() -> None:
    assert not _missing_words(_TARGET, re.findall(r"^([a-z-]+):", text(ROOT / "Makefile"), re.MULTILINE))


def test_every_setting_that_is_named_exists() -> None:
    known = {line.name for line in DEFINITIONS}
    naming = [*_documents(), *python_files(), ROOT / "Makefile", ROOT / ".env.example"]
    named = {(relative(file), name) for file in naming for name in _SETTING.findall(text(file))}
    assert not [f"{where}: {name}" for where, name in sorted(named) if name not in known]


def test_every_package_has_its_line_in_the_architecture() -> None:
    picture = text(ROOT / "docs/architecture.md")
    packages = [
        folder
        for root in IMPORT_ROOTS
        for folder in sorted((ROOT / root).iterdir())
        if (folder / "__init__.py").exists()
    ]
    assert not [relative(folder) for folder in packages if f"`{folder.name}`" not in picture]
