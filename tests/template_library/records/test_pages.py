from __future__ import annotations

from pathlib import Path

from template_library.records import pages, registry

FOLDER = Path(__file__).parents[3] / "docs/records"


def test_the_pages_are_those_of_the_schemas() -> None:
    # After a change of a schema: `python -m template_library.records.pages docs/records`.
    assert {file.name: file.read_text(encoding="utf-8") for file in FOLDER.iterdir()} == pages.pages()


def test_they_are_written_anew_as_they_are(tmp_path: Path) -> None:
    pages.write(tmp_path / "records")
    written = {file.name: file.read_text(encoding="utf-8") for file in (tmp_path / "records").iterdir()}
    assert written == pages.pages()


def test_every_record_has_one_that_tells_each_member_of_its_newest_version() -> None:
    for name, versions in registry.names().items():
        text = pages.pages()[f"{name}.md"]
        schema = registry.schema(name, versions[-1])
        for one in (schema, *schema.get("$defs", {}).values()):
            assert all(f"| `{member}` |" in text for member in one["properties"]), name
