"""The import names are plain words: nothing else that is installed may own them (ADR 0002)."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from importlib.util import find_spec

from tests.house.tree import IMPORT_ROOTS, ROOT


def test_no_other_distribution_owns_our_names() -> None:
    # An editable installation lists no packages, so ours may be absent.
    owners = packages_distributions()
    assert not {name: owners[name] for name in IMPORT_ROOTS if set(owners.get(name, ())) - {"waybill"}}


def test_our_names_import_from_this_checkout() -> None:
    for name in IMPORT_ROOTS:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin == str(ROOT / name / "__init__.py")
